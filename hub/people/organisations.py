"""Organisations, their groups, and who is a member of them."""

from __future__ import annotations

from hub.people import directory, memberships, places
from hub.people.grants import Grants
from hub.people.ground import Ground
from hub.people.roles import Role
from hub.people.rules import checked_title
from hub.people.types import Group, Member, Organisation
from protocol.problems import Problem, ProblemCode


class Organisations:
    """Changes organisations. Whether somebody may is asked before; what would break a rule is a :class:`Problem`."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def seen(self, grants: Grants) -> list[Organisation]:
        """The organisations that somebody may know of."""
        async with self._ground.store.read() as connection:
            return await places.seen_organisations(connection, grants)

    async def find(self, organisation_id: int) -> Organisation | None:
        """One organisation."""
        async with self._ground.store.read() as connection:
            return await places.organisation(connection, organisation_id)

    async def add(self, name: str, owner_id: int) -> Organisation:
        """A new organisation, its owner and its first group. Problems: INVALID_REQUEST, NAME_TAKEN."""
        async with self._ground.change() as change:
            made = await places.add_organisation(change.connection, checked_title(name), owner_id, self._ground.now())
            await change.touch([owner_id])
        return made

    async def rename(self, organisation_id: int, name: str) -> None:
        """Another name. Problems: INVALID_REQUEST, NAME_TAKEN."""
        async with self._ground.change() as change:
            await places.rename_organisation(change.connection, organisation_id, checked_title(name))

    async def remove(self, organisation_id: int) -> None:
        """Remove an organisation. Problems: CONFLICT while it has devices."""
        async with self._ground.change() as change:
            await change.touch(await memberships.people_in(change.connection, organisation_id))
            await places.remove_organisation(change.connection, organisation_id)

    async def groups(self, grants: Grants, organisation_id: int | None = None) -> list[Group]:
        """The groups that somebody has a role in."""
        async with self._ground.store.read() as connection:
            return await places.seen_groups(connection, grants, organisation_id)

    async def find_group(self, group_id: int) -> Group | None:
        """One group."""
        async with self._ground.store.read() as connection:
            return await places.group(connection, group_id)

    async def add_group(self, organisation_id: int, name: str) -> Group:
        """A new group. Problems: INVALID_REQUEST, NAME_TAKEN, TOO_MANY."""
        async with self._ground.change() as change:
            return await places.add_group(change.connection, organisation_id, checked_title(name), self._ground.now())

    async def rename_group(self, group_id: int, name: str) -> None:
        """Another name. Problems: INVALID_REQUEST, NAME_TAKEN."""
        async with self._ground.change() as change:
            await places.rename_group(change.connection, group_id, checked_title(name))

    async def remove_group(self, group: Group) -> None:
        """Remove a group. Problems: CONFLICT while devices lie in it."""
        async with self._ground.change() as change:
            await change.touch(await memberships.people_in(change.connection, group.organisation_id, group.id))
            await places.remove_group(change.connection, group.id)

    async def members(self, organisation_id: int, group_id: int | None = None) -> list[Member]:
        """Who has a role in an organisation or its groups, or in one group."""
        async with self._ground.store.read() as connection:
            return await memberships.members(connection, organisation_id, group_id)

    async def put_member(self, person_id: int, organisation_id: int, group_id: int | None, role: Role) -> Member:
        """Give somebody who is a member already another role, or one in another group.

        Problems: NOT_FOUND for somebody who is no member (invite them: who else has an account is nobody's business),
        CONFLICT for the last owner.
        """
        async with self._ground.change() as change:
            if not await memberships.is_member(change.connection, person_id, organisation_id):
                raise Problem(ProblemCode.NOT_FOUND, "This person is no member of the organisation. Invite them.")
            if group_id is not None:
                await places.group_of(change.connection, group_id, organisation_id)
            await memberships.put(change.connection, person_id, organisation_id, group_id, role)
            person = await directory.person(change.connection, person_id)
            await change.touch([person_id])
        return Member(person.id, person.name, organisation_id, group_id, role)

    async def remove_member(self, person_id: int, organisation_id: int, group_id: int | None) -> None:
        """Take a role away. Problems: NOT_FOUND, CONFLICT for the last owner."""
        async with self._ground.change() as change:
            await memberships.remove(change.connection, person_id, organisation_id, group_id)
            await change.touch([person_id])

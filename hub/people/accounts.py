"""The accounts of a hub, as its administrators see them."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.accounts.passwords import Passwords
from foundation.accounts.rules import checked_name, checked_password
from hub.people import directory, memberships, places, token_rows
from hub.people.ground import Ground
from hub.people.roles import Role
from hub.people.rules import checked_email, checked_title
from hub.people.types import Person


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What to change of an account; None leaves it."""

    administrator: bool | None = None
    password: str | None = None
    email: str | None = None
    """An empty text takes the address away."""


class Accounts:
    """Adds, changes and removes people. Whether somebody may is asked before."""

    def __init__(self, ground: Ground, passwords: Passwords) -> None:
        self._ground = ground
        self._passwords = passwords

    async def page(self, after: str = "", limit: int = 100) -> list[Person]:
        """People by name, those that come after ``after``."""
        async with self._ground.store.read() as connection:
            return await directory.page(connection, after, limit)

    async def is_there(self, name: str) -> bool:
        """Whether somebody is called so (in lower case)."""
        async with self._ground.store.read() as connection:
            return await directory.name_taken(connection, name)

    async def add(self, name: str, password: str, *, administrator: bool = False, email: str | None = None) -> Person:
        """A new person, member of nothing yet. Problems: INVALID_REQUEST, NAME_TAKEN, CONFLICT, TOO_MANY."""
        plain = checked_name(name)
        address = None if email is None else checked_email(email)
        hashed = await self._passwords.hash(checked_password(password))
        async with self._ground.store.begin() as connection:
            return await directory.add_person(
                connection, plain, hashed, self._ground.now(), email=address, administrator=administrator
            )

    async def enlist(self, person_id: int, organisation: str, role: Role) -> Role:
        """Make somebody a member of the organisation of this name; where there is none, it is made and theirs.

        The answer is the role they have there.
        For the console of the hub only: it asks nobody. Problems: INVALID_REQUEST, CONFLICT.
        """
        title = checked_title(organisation, "organisation")
        async with self._ground.change() as change:
            found = await places.organisation_called(change.connection, title)
            if found is None:
                await places.add_organisation(change.connection, title, person_id, self._ground.now())
                role = Role.OWNER
            else:
                await memberships.put(change.connection, person_id, found.id, None, role)
            await change.touch([person_id])
        return role

    async def change(self, person_id: int, wish: AccountChange) -> Person:
        """Change an account. A new password ends all its logins and tokens.

        Problems: NOT_FOUND, INVALID_REQUEST, CONFLICT for the last administrator or an address somebody has.
        """
        hashed = None if wish.password is None else await self._passwords.hash(checked_password(wish.password))
        async with self._ground.change() as change:
            connection = change.connection
            await directory.person(connection, person_id)
            if wish.administrator is False:
                await directory.refuse_last_administrator(connection, person_id)
            if wish.administrator is not None:
                await directory.change(connection, person_id, administrator=wish.administrator)
            if wish.email is not None:
                address = checked_email(wish.email) if wish.email else None
                await directory.change(connection, person_id, email=address)
            await change.touch([person_id])
            if hashed is not None:
                await directory.change(connection, person_id, password_hash=hashed)
                await token_rows.remove(connection, change.forgotten)
            return await directory.person(connection, person_id)

    async def remove(self, person_id: int) -> Person:
        """Remove a person. Problems: NOT_FOUND, CONFLICT for the last administrator, or owner of an organisation."""
        async with self._ground.change() as change:
            person = await directory.person(change.connection, person_id)
            await directory.refuse_last_administrator(change.connection, person_id)
            for organisation_id in await memberships.organisations_of(change.connection, person_id):
                await memberships.refuse_last_owner(change.connection, person_id, organisation_id)
            await change.touch([person_id])
            await directory.remove_person(change.connection, person_id)
        return person

"""Who is a member of what: statements only, run within the transaction of the caller."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.store.light import AsyncConnection
from hub.people.grants import Grants, Place
from hub.people.roles import Role
from hub.people.types import Member
from hub.store.tables.people import memberships, people
from protocol.problems import Problem, ProblemCode


async def grants_of(connection: AsyncConnection, person_id: int, *, administrator: bool) -> Grants:
    """What a person may do, before a token takes away from it."""
    organisations: dict[int, Role] = {}
    places: dict[Place, Role] = {}
    for row in await connection.execute(sa.select(memberships).where(memberships.c.person_id == person_id)):
        if row.group_id is None:
            organisations[row.organisation_id] = Role(row.role)
        else:
            places[Place(row.organisation_id, row.group_id)] = Role(row.role)
    return Grants(organisations, places, Role.OWNER if administrator else None)


async def members(connection: AsyncConnection, organisation_id: int, group_id: int | None = None) -> list[Member]:
    """Everybody with a role in an organisation or any of its groups, or in one group of it; by name."""
    query = (
        sa.select(memberships, people.c.name.label("person_name"))
        .join(people)
        .where(memberships.c.organisation_id == organisation_id)
        .order_by(people.c.name, memberships.c.id)
    )
    if group_id is not None:
        query = query.where(memberships.c.group_id == group_id)
    return [
        Member(row.person_id, row.person_name, row.organisation_id, row.group_id, Role(row.role))
        for row in await connection.execute(query)
    ]


async def is_member(connection: AsyncConnection, person_id: int, organisation_id: int) -> bool:
    """Whether a person has any role in an organisation or a group of it."""
    same = (memberships.c.person_id == person_id) & (memberships.c.organisation_id == organisation_id)
    return await connection.scalar(sa.select(memberships.c.id).where(same).limit(1)) is not None


async def put(
    connection: AsyncConnection, person_id: int, organisation_id: int, group_id: int | None, role: Role
) -> None:
    """Give a person a role in a place, instead of the one they had there.

    Raises :class:`Problem` CONFLICT where that would leave an organisation without an owner.
    """
    if group_id is None and role is not Role.OWNER:
        await refuse_last_owner(connection, person_id, organisation_id)
    same = _same(person_id, organisation_id, group_id)
    changed = await connection.execute(sa.update(memberships).where(same).values(role=role.value))
    if changed.rowcount:
        return
    values = {
        "person_id": person_id,
        "organisation_id": organisation_id,
        "group_id": group_id,
        "role": role.value,
    }
    try:
        await connection.execute(sa.insert(memberships).values(values))
    except IntegrityError:
        raise Problem(
            ProblemCode.CONFLICT, "Somebody changed this membership just now. Reload and try again."
        ) from None


async def remove(connection: AsyncConnection, person_id: int, organisation_id: int, group_id: int | None) -> None:
    """Take a person's role in a place away.

    Raises :class:`Problem` NOT_FOUND where they have none, CONFLICT where that would leave an organisation without
    an owner.
    """
    if group_id is None:
        await refuse_last_owner(connection, person_id, organisation_id)
    gone = await connection.execute(sa.delete(memberships).where(_same(person_id, organisation_id, group_id)))
    if not gone.rowcount:
        raise Problem(ProblemCode.NOT_FOUND, "This person is no member there. Reload the list.")


async def refuse_last_owner(connection: AsyncConnection, person_id: int, organisation_id: int) -> None:
    """Raise :class:`Problem` CONFLICT where nobody else owns the organisation. Locks until the transaction ends."""
    query = (
        sa.select(memberships.c.person_id)
        .where(
            memberships.c.organisation_id == organisation_id,
            memberships.c.group_id.is_(None),
            memberships.c.role == Role.OWNER.value,
        )
        .with_for_update()
    )
    if set((await connection.scalars(query)).all()) == {person_id}:
        raise Problem(
            ProblemCode.CONFLICT, "This is the only owner of the organisation. Make somebody else an owner first."
        )


async def organisations_of(connection: AsyncConnection, person_id: int) -> list[int]:
    """The organisations that somebody has a role in as a whole."""
    query = sa.select(memberships.c.organisation_id).where(
        memberships.c.person_id == person_id, memberships.c.group_id.is_(None)
    )
    return list((await connection.scalars(query)).all())


async def people_in(connection: AsyncConnection, organisation_id: int, group_id: int | None = None) -> list[int]:
    """The people whose grants change when an organisation, or one group of it, goes."""
    query = sa.select(memberships.c.person_id).where(memberships.c.organisation_id == organisation_id)
    if group_id is not None:
        query = query.where(sa.or_(memberships.c.group_id == group_id, memberships.c.group_id.is_(None)))
    return list(dict.fromkeys((await connection.scalars(query)).all()))


def _same(person_id: int, organisation_id: int, group_id: int | None) -> sa.ColumnElement[bool]:
    return sa.and_(
        memberships.c.person_id == person_id,
        memberships.c.organisation_id == organisation_id,
        memberships.c.group_id.is_(None) if group_id is None else memberships.c.group_id == group_id,
    )

"""Organisations and their groups: statements only, run within the transaction of the caller."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.store.light import AsyncConnection
from hub.people import memberships
from hub.people.grants import Grants
from hub.people.roles import Role
from hub.people.types import Group, Organisation
from hub.store.tables.people import groups, organisations
from protocol.problems import Problem, ProblemCode

FIRST_GROUP = "Home"
MAX_GROUPS = 500
"""Of one organisation."""


async def organisation(connection: AsyncConnection, organisation_id: int) -> Organisation | None:
    """One organisation."""
    row = (await connection.execute(sa.select(organisations).where(organisations.c.id == organisation_id))).first()
    return None if row is None else Organisation(row.id, row.name, row.created_at)


async def organisation_called(connection: AsyncConnection, name: str) -> Organisation | None:
    """The organisation with this name."""
    row = (await connection.execute(sa.select(organisations).where(organisations.c.name == name))).first()
    return None if row is None else Organisation(row.id, row.name, row.created_at)


async def seen_organisations(connection: AsyncConnection, grants: Grants) -> list[Organisation]:
    """The organisations somebody may know of, by name."""
    query = sa.select(organisations).where(organisations.c.id.in_(sorted(grants.seen_organisations())))
    rows = await connection.execute(query.order_by(organisations.c.name))
    return [Organisation(row.id, row.name, row.created_at) for row in rows]


async def add_organisation(connection: AsyncConnection, name: str, owner_id: int, now: datetime) -> Organisation:
    """A new organisation with its owner and a first group. Raises :class:`Problem` NAME_TAKEN."""
    values = {"name": name, "created_at": now}
    try:
        made = await connection.execute(sa.insert(organisations).values(values).returning(organisations.c.id))
    except IntegrityError:
        raise _organisation_taken() from None
    number = made.scalar_one()
    await memberships.put(connection, owner_id, number, None, Role.OWNER)
    await add_group(connection, number, FIRST_GROUP, now)
    return Organisation(number, name, now)


async def rename_organisation(connection: AsyncConnection, organisation_id: int, name: str) -> None:
    """Another name. Raises :class:`Problem` NAME_TAKEN."""
    try:
        await connection.execute(
            sa.update(organisations).where(organisations.c.id == organisation_id).values(name=name)
        )
    except IntegrityError:
        raise _organisation_taken() from None


async def remove_organisation(connection: AsyncConnection, organisation_id: int) -> None:
    """Remove an organisation with its groups and memberships. Raises :class:`Problem` CONFLICT while it has devices."""
    try:
        await connection.execute(sa.delete(organisations).where(organisations.c.id == organisation_id))
    except IntegrityError:
        raise Problem(
            ProblemCode.CONFLICT, "This organisation still has devices. Remove them, or move them away first."
        ) from None


async def group(connection: AsyncConnection, group_id: int) -> Group | None:
    """One group."""
    row = (await connection.execute(sa.select(groups).where(groups.c.id == group_id))).first()
    return None if row is None else Group(row.id, row.organisation_id, row.name, row.created_at)


async def group_of(connection: AsyncConnection, group_id: int, organisation_id: int) -> Group:
    """A group of this organisation. Raises :class:`Problem` NOT_FOUND where it is none of its groups."""
    found = await group(connection, group_id)
    if found is None or found.organisation_id != organisation_id:
        raise Problem(ProblemCode.NOT_FOUND, "This organisation has no such group. Reload the list.")
    return found


async def seen_groups(connection: AsyncConnection, grants: Grants, organisation_id: int | None) -> list[Group]:
    """The groups somebody has a role in, of one organisation or of all, by name."""
    query = sa.select(groups).where(grants.groups().clause(groups.c.organisation_id, groups.c.id))
    if organisation_id is not None:
        query = query.where(groups.c.organisation_id == organisation_id)
    rows = await connection.execute(query.order_by(groups.c.name, groups.c.id))
    return [Group(row.id, row.organisation_id, row.name, row.created_at) for row in rows]


async def add_group(connection: AsyncConnection, organisation_id: int, name: str, now: datetime) -> Group:
    """A new group. Raises :class:`Problem` NAME_TAKEN or TOO_MANY."""
    count = sa.select(sa.func.count()).select_from(groups).where(groups.c.organisation_id == organisation_id)
    if (await connection.scalar(count) or 0) >= MAX_GROUPS:
        raise Problem(ProblemCode.TOO_MANY, f"An organisation has at most {MAX_GROUPS} groups. Remove one first.")
    values = {"organisation_id": organisation_id, "name": name, "created_at": now}
    try:
        made = await connection.execute(sa.insert(groups).values(values).returning(groups.c.id))
    except IntegrityError:
        raise _group_taken(name) from None
    return Group(made.scalar_one(), organisation_id, name, now)


async def rename_group(connection: AsyncConnection, group_id: int, name: str) -> None:
    """Another name. Raises :class:`Problem` NAME_TAKEN."""
    try:
        await connection.execute(sa.update(groups).where(groups.c.id == group_id).values(name=name))
    except IntegrityError:
        raise _group_taken(name) from None


async def remove_group(connection: AsyncConnection, group_id: int) -> None:
    """Remove a group and the memberships in it. Raises :class:`Problem` CONFLICT while devices lie in it."""
    try:
        await connection.execute(sa.delete(groups).where(groups.c.id == group_id))
    except IntegrityError:
        raise Problem(
            ProblemCode.CONFLICT, "Devices still lie in this group. Move them to another group first."
        ) from None


def _organisation_taken() -> Problem:
    return Problem(ProblemCode.NAME_TAKEN, "There is an organisation of this name already. Choose another.")


def _group_taken(name: str) -> Problem:
    return Problem(ProblemCode.NAME_TAKEN, f"This organisation has a group called {name} already. Choose another name.")

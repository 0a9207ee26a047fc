"""People in the store: statements only, run within the transaction of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from foundation.store.light import AsyncConnection
from foundation.store.schema import NEEDS
from foundation.store.tables import SETTINGS
from hub.people.types import Person
from hub.store.tables.people import external_logins, people
from protocol.problems import Problem, ProblemCode

MAX_PEOPLE = 10_000
PERSON = (
    people.c.id,
    people.c.name,
    people.c.email,
    people.c.administrator,
    people.c.password_hash.is_not(None).label("has_password"),
    people.c.created_at,
    people.c.last_login_at,
)
_Row = Row[*tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person and the hash their password is checked against; without one, no password is right."""

    person: Person
    password_hash: str | None


async def count_people(connection: AsyncConnection) -> int:
    """How many accounts there are."""
    return await connection.scalar(sa.select(sa.func.count()).select_from(people)) or 0


async def one_at_a_time(connection: AsyncConnection) -> None:
    """Have those who would be the first person wait for each other until their transactions end."""
    # A row that every store has: on SQLite a transaction that writes is alone anyway.
    await connection.execute(sa.select(SETTINGS).where(SETTINGS.c.name == NEEDS).with_for_update())


async def anybody(connection: AsyncConnection) -> bool:
    """Whether there is a single account."""
    return await connection.scalar(sa.select(people.c.id).limit(1)) is not None


async def page(connection: AsyncConnection, after: str, limit: int) -> list[Person]:
    """Accounts by name, those that come after ``after``."""
    query = sa.select(*PERSON).where(people.c.name > after).order_by(people.c.name).limit(limit)
    return [person_of(row) for row in await connection.execute(query)]


async def person(connection: AsyncConnection, person_id: int) -> Person:
    """One account. Raises :class:`Problem` NOT_FOUND."""
    row = (await connection.execute(sa.select(*PERSON).where(people.c.id == person_id))).first()
    if row is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such person on this hub. Reload the list.")
    return person_of(row)


async def by_email(connection: AsyncConnection, email: str) -> Person | None:
    """The account with this e-mail address (in lower case)."""
    row = (await connection.execute(sa.select(*PERSON).where(people.c.email == email))).first()
    return None if row is None else person_of(row)


async def by_external_login(connection: AsyncConnection, issuer: str, subject: str) -> Person | None:
    """The account that belongs to somebody at an OpenID provider."""
    same = (external_logins.c.issuer == issuer) & (external_logins.c.subject == subject)
    row = (await connection.execute(sa.select(*PERSON).join(external_logins).where(same))).first()
    return None if row is None else person_of(row)


async def name_taken(connection: AsyncConnection, name: str) -> bool:
    """Whether somebody is called so."""
    return await connection.scalar(sa.select(people.c.id).where(people.c.name == name)) is not None


async def credentials(connection: AsyncConnection, name: str) -> Credentials | None:
    """What a login under this name is checked against."""
    row = (await connection.execute(sa.select(*PERSON, people.c.password_hash).where(people.c.name == name))).first()
    return None if row is None else Credentials(person_of(row), row.password_hash)


async def add_person(
    connection: AsyncConnection,
    name: str,
    password_hash: str | None,
    now: datetime,
    *,
    email: str | None = None,
    administrator: bool = False,
) -> Person:
    """A new account. Raises :class:`Problem` NAME_TAKEN, CONFLICT for the e-mail address, or TOO_MANY."""
    if await count_people(connection) >= MAX_PEOPLE:
        raise Problem(ProblemCode.TOO_MANY, f"A hub has at most {MAX_PEOPLE} people. Remove one first.")
    if email is not None and await by_email(connection, email):
        raise Problem(ProblemCode.CONFLICT, "Somebody has this e-mail address already.", {"field": "email"})
    values = {
        "name": name,
        "email": email,
        "password_hash": password_hash,
        "administrator": administrator,
        "created_at": now,
    }
    try:
        result = await connection.execute(sa.insert(people).values(values).returning(people.c.id))
    except IntegrityError:
        raise Problem(
            ProblemCode.NAME_TAKEN, f"There is a person called {name} already. Choose another name.", {"name": name}
        ) from None
    return await person(connection, result.scalar_one())


async def refuse_last_administrator(connection: AsyncConnection, person_id: int) -> None:
    """Raise :class:`Problem` CONFLICT where nobody else runs the hub. Locks until the transaction ends."""
    query = sa.select(people.c.id).where(people.c.administrator).with_for_update()
    if set((await connection.scalars(query)).all()) == {person_id}:
        raise Problem(ProblemCode.CONFLICT, "This is the only administrator of the hub. Make somebody else one first.")


async def change(connection: AsyncConnection, person_id: int, **values: object) -> None:
    """Change columns of an account. Raises :class:`Problem` CONFLICT for an e-mail address somebody else has."""
    try:
        await connection.execute(sa.update(people).where(people.c.id == person_id).values(values))
    except IntegrityError:
        raise Problem(ProblemCode.CONFLICT, "Somebody has this e-mail address already.", {"field": "email"}) from None


async def note_login(connection: AsyncConnection, found: Credentials, keep_hash: str, now: datetime) -> bool:
    """Note a login; False where the account went or its password changed since ``found`` was read."""
    same = (people.c.id == found.person.id) & (people.c.password_hash == found.password_hash)
    changed = await connection.execute(sa.update(people).where(same).values(last_login_at=now, password_hash=keep_hash))
    return changed.rowcount == 1


async def link(connection: AsyncConnection, person_id: int, issuer: str, subject: str, now: datetime) -> None:
    """Remember who somebody is at an OpenID provider. Raises :class:`Problem` CONFLICT where two did at once."""
    values = {"person_id": person_id, "issuer": issuer, "subject": subject, "created_at": now}
    try:
        await connection.execute(sa.insert(external_logins).values(values))
    except IntegrityError:
        raise Problem(ProblemCode.CONFLICT, "This login was just linked to an account. Try again.") from None


async def has_external_login(connection: AsyncConnection, person_id: int, issuer: str) -> bool:
    """Whether an account is linked to somebody at this provider."""
    same = (external_logins.c.person_id == person_id) & (external_logins.c.issuer == issuer)
    return await connection.scalar(sa.select(external_logins.c.id).where(same)) is not None


async def remove_person(connection: AsyncConnection, person_id: int) -> None:
    """Remove an account, and with it its memberships, tokens and external logins."""
    await connection.execute(sa.delete(people).where(people.c.id == person_id))


def person_of(row: _Row) -> Person:
    """A row of :data:`PERSON`."""
    return Person(row.id, row.name, row.email, row.administrator, row.has_password, row.created_at, row.last_login_at)

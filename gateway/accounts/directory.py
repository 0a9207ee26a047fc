"""People and tokens in the store: statements only, run within the transaction of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from foundation.store.light import AsyncConnection
from gateway.accounts.types import Person, Role, Token
from gateway.store.tables import people, tokens
from protocol.problems import Problem, ProblemCode

MAX_PEOPLE = 200
_PERSON = [people.c.id, people.c.name, people.c.role, people.c.created_at, people.c.last_login_at]
_TOKEN = [column for column in tokens.c if column.name != "secret_sha256"]
_Row = Row[*tuple[object, ...]]
Kind = Literal["login", "api"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person and the hash their password is checked against."""

    person: Person
    password_hash: str


async def count_people(connection: AsyncConnection) -> int:
    """How many accounts there are."""
    return await connection.scalar(sa.select(sa.func.count()).select_from(people)) or 0


async def all_people(connection: AsyncConnection) -> list[Person]:
    """Every account by name."""
    return [_person(row) for row in await connection.execute(sa.select(*_PERSON).order_by(people.c.name))]


async def person(connection: AsyncConnection, person_id: int) -> Person:
    """One account. Raises :class:`Problem` NOT_FOUND."""
    row = (await connection.execute(sa.select(*_PERSON).where(people.c.id == person_id))).first()
    if row is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such person on this device. Reload the list.")
    return _person(row)


async def credentials(connection: AsyncConnection, name: str) -> Credentials | None:
    """What a login under this name is checked against."""
    row = (await connection.execute(sa.select(*_PERSON, people.c.password_hash).where(people.c.name == name))).first()
    return None if row is None else Credentials(_person(row), row.password_hash)


async def add_person(connection: AsyncConnection, name: str, password_hash: str, role: Role, now: datetime) -> Person:
    """A new account. Raises :class:`Problem` NAME_TAKEN or TOO_MANY."""
    if await count_people(connection) >= MAX_PEOPLE:
        raise Problem(ProblemCode.TOO_MANY, f"A device has at most {MAX_PEOPLE} people. Remove one first.")
    values = {"name": name, "role": role.value, "password_hash": password_hash, "created_at": now}
    try:
        result = await connection.execute(sa.insert(people).values(values).returning(people.c.id))
    except IntegrityError:
        raise Problem(
            ProblemCode.NAME_TAKEN, f"There is a person called {name} already. Choose another name.", {"name": name}
        ) from None
    return await person(connection, result.scalar_one())


async def refuse_last_admin(connection: AsyncConnection, person_id: int) -> None:
    """Raise :class:`Problem` CONFLICT where nobody else is an admin. Locks the admins until the transaction ends."""
    query = sa.select(people.c.id).where(people.c.role == Role.ADMIN.value).with_for_update()
    admins = set((await connection.scalars(query)).all())
    if admins == {person_id}:
        raise Problem(ProblemCode.CONFLICT, "This is the only admin of the device. Make somebody else an admin first.")


async def set_role(connection: AsyncConnection, person_id: int, role: Role) -> None:
    """Give an account another role."""
    await connection.execute(sa.update(people).where(people.c.id == person_id).values(role=role.value))


async def set_password(connection: AsyncConnection, person_id: int, password_hash: str) -> None:
    """Give an account another password."""
    await connection.execute(sa.update(people).where(people.c.id == person_id).values(password_hash=password_hash))


async def note_login(connection: AsyncConnection, found: Credentials, keep_hash: str, now: datetime) -> bool:
    """Note a login; False where the account went or its password changed since ``found`` was read."""
    same = (people.c.id == found.person.id) & (people.c.password_hash == found.password_hash)
    changed = await connection.execute(sa.update(people).where(same).values(last_login_at=now, password_hash=keep_hash))
    return changed.rowcount == 1


async def remove_person(connection: AsyncConnection, person_id: int) -> None:
    """Remove an account; its tokens have to be gone."""
    await connection.execute(sa.delete(people).where(people.c.id == person_id))


async def add_token(
    connection: AsyncConnection,
    owner: Person,
    *,
    kind: Kind,
    label: str,
    secret_sha256: str,
    now: datetime,
    expires_at: datetime | None,
) -> Token:
    """A new token of a person."""
    values = {
        "person_id": owner.id,
        "kind": kind,
        "label": label,
        "secret_sha256": secret_sha256,
        "created_at": now,
        "last_used_at": now if kind == "login" else None,
        "expires_at": expires_at,
    }
    result = await connection.execute(sa.insert(tokens).values(values).returning(tokens.c.id))
    return await token(connection, result.scalar_one())


async def token(connection: AsyncConnection, token_id: int) -> Token:
    """One token. Raises :class:`Problem` NOT_FOUND."""
    query = sa.select(*_TOKEN, people.c.name.label("person_name")).join(people).where(tokens.c.id == token_id)
    row = (await connection.execute(query)).first()
    if row is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such token. It may have been revoked already.")
    return _token(row)


async def tokens_of(connection: AsyncConnection, person_id: int | None, kind: Kind | None = None) -> list[Token]:
    """The tokens of a person, or of everybody, newest first."""
    query = sa.select(*_TOKEN, people.c.name.label("person_name")).join(people).order_by(tokens.c.id.desc())
    if person_id is not None:
        query = query.where(tokens.c.person_id == person_id)
    if kind is not None:
        query = query.where(tokens.c.kind == kind)
    return [_token(row) for row in await connection.execute(query)]


async def holder(connection: AsyncConnection, secret_sha256: str) -> tuple[Person, Token] | None:
    """The token with this digest and the person it belongs to."""
    columns = [column.label(f"person_{column.name}") for column in _PERSON if column.name != "id"]
    query = sa.select(*_TOKEN, *columns).join(people).where(tokens.c.secret_sha256 == secret_sha256)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    owner = Person(
        row.person_id, row.person_name, Role(row.person_role), row.person_created_at, row.person_last_login_at
    )
    return owner, _token(row)


async def tokens_over(connection: AsyncConnection, now: datetime, idle_since: datetime) -> list[int]:
    """The tokens that expired by ``now``, and the logins that nobody used after ``idle_since``."""
    used = sa.func.coalesce(tokens.c.last_used_at, tokens.c.created_at)
    idle = sa.and_(tokens.c.kind == "login", used <= idle_since)
    return list(await connection.scalars(sa.select(tokens.c.id).where(sa.or_(tokens.c.expires_at <= now, idle))))


async def remove_tokens(connection: AsyncConnection, token_ids: Iterable[int]) -> None:
    """Remove tokens; those that are gone are fine."""
    await connection.execute(sa.delete(tokens).where(tokens.c.id.in_(list(token_ids))))


async def note_uses(connection: AsyncConnection, uses: Mapping[int, datetime]) -> None:
    """Write when tokens were last used."""
    statement = (
        sa.update(tokens).where(tokens.c.id == sa.bindparam("used_token")).values(last_used_at=sa.bindparam("used_at"))
    )
    rows = [{"used_token": token_id, "used_at": at} for token_id, at in uses.items()]
    await connection.execute(statement, rows)


def _person(row: _Row) -> Person:
    return Person(row.id, row.name, Role(row.role), row.created_at, row.last_login_at)


def _token(row: _Row) -> Token:
    return Token(
        id=row.id,
        person_id=row.person_id,
        person_name=row.person_name,
        kind=cast(Kind, row.kind),
        label=row.label,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )

"""Logins and API tokens in the store: statements only, run within the transaction of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.accounts.secrets import csrf_of
from foundation.store.light import AsyncConnection
from hub.people import directory, memberships
from hub.people.grants import Place
from hub.people.roles import Role
from hub.people.types import Identity, Person, Token, TokenKind
from hub.store.tables.people import groups, people, token_groups, tokens
from protocol.problems import Problem, ProblemCode

_TOKEN = [column for column in tokens.c if column.name != "secret_sha256"]
_Row = Row[*tuple[object, ...]]


class TokenRows:
    """What :class:`foundation.accounts.holders.Holders` asks of the store."""

    async def holder(self, connection: AsyncConnection, secret_sha256: str, secret: str) -> Identity | None:
        """Who holds the secret with this digest, with what they may do right now."""
        query = sa.select(tokens.c.id, tokens.c.person_id).where(tokens.c.secret_sha256 == secret_sha256)
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        shown = await token(connection, row.id)
        return await identity(connection, await directory.person(connection, row.person_id), shown, secret)

    async def note_uses(self, connection: AsyncConnection, uses: Mapping[int, datetime]) -> None:
        """Write when tokens were last used."""
        statement = (
            sa.update(tokens)
            .where(tokens.c.id == sa.bindparam("used_token"))
            .values(last_used_at=sa.bindparam("used_at"))
        )
        # In order, or two nodes that write the same rows could wait for each other.
        rows = [{"used_token": token_id, "used_at": at} for token_id, at in sorted(uses.items())]
        await connection.execute(statement, rows)

    async def over(self, connection: AsyncConnection, now: datetime, idle_since: datetime) -> list[int]:
        """The tokens that expired by ``now``, and the logins that nobody used after ``idle_since``."""
        used = sa.func.coalesce(tokens.c.last_used_at, tokens.c.created_at)
        idle = sa.and_(tokens.c.kind == "login", used <= idle_since)
        return list(await connection.scalars(sa.select(tokens.c.id).where(sa.or_(tokens.c.expires_at <= now, idle))))

    async def remove(self, connection: AsyncConnection, token_ids: Iterable[int]) -> None:
        """Remove tokens; those that are gone are fine."""
        await remove(connection, token_ids)


async def identity(connection: AsyncConnection, person: Person, shown: Token, secret: str) -> Identity:
    """A person with their token: the token takes away from what the person may, and never adds to it."""
    grants = await memberships.grants_of(connection, person.id, administrator=person.administrator)
    places = None if shown.group_ids is None else await _places(connection, shown.group_ids)
    return Identity(person, shown, grants.capped(shown.role, places), csrf_of(secret))


async def add(
    connection: AsyncConnection,
    owner: Person,
    *,
    kind: TokenKind,
    label: str,
    secret_sha256: str,
    now: datetime,
    expires_at: datetime | None,
    role: Role | None = None,
    group_ids: frozenset[int] | None = None,
) -> Token:
    """A new token of a person."""
    values = {
        "person_id": owner.id,
        "kind": kind,
        "label": label,
        "secret_sha256": secret_sha256,
        "role": None if role is None else role.value,
        "scoped": group_ids is not None,
        "created_at": now,
        "last_used_at": now if kind == "login" else None,
        "expires_at": expires_at,
    }
    token_id = (await connection.execute(sa.insert(tokens).values(values).returning(tokens.c.id))).scalar_one()
    if group_ids:
        rows = [{"token_id": token_id, "group_id": group_id} for group_id in sorted(group_ids)]
        await connection.execute(sa.insert(token_groups), rows)
    return await token(connection, token_id)


async def token(connection: AsyncConnection, token_id: int) -> Token:
    """One token. Raises :class:`Problem` NOT_FOUND."""
    found = await _tokens(connection, tokens.c.id == token_id)
    if not found:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such token. It may have been revoked already.")
    return found[0]


async def tokens_of(connection: AsyncConnection, person_id: int | None, kind: TokenKind | None = None) -> list[Token]:
    """The tokens of a person, or of everybody, newest first."""
    wanted: list[sa.ColumnElement[bool]] = []
    if person_id is not None:
        wanted.append(tokens.c.person_id == person_id)
    if kind is not None:
        wanted.append(tokens.c.kind == kind)
    return await _tokens(connection, *wanted)


async def ids_of(connection: AsyncConnection, person_ids: Iterable[int]) -> list[int]:
    """The numbers of these people's tokens."""
    return list(await connection.scalars(sa.select(tokens.c.id).where(tokens.c.person_id.in_(list(person_ids)))))


async def remove(connection: AsyncConnection, token_ids: Iterable[int]) -> None:
    """Remove tokens; those that are gone are fine."""
    await connection.execute(sa.delete(tokens).where(tokens.c.id.in_(list(token_ids))))


async def _tokens(connection: AsyncConnection, *wanted: sa.ColumnElement[bool]) -> list[Token]:
    query = sa.select(*_TOKEN, people.c.name.label("person_name")).join(people).where(*wanted)
    rows = (await connection.execute(query.order_by(tokens.c.id.desc()))).all()
    scoped = sa.select(tokens.c.id).where(*wanted, tokens.c.scoped)
    held: dict[int, set[int]] = {row.id: set() for row in rows if row.scoped}
    if held:
        for row in await connection.execute(sa.select(token_groups).where(token_groups.c.token_id.in_(scoped))):
            held.setdefault(row.token_id, set()).add(row.group_id)
    return [_token(row, frozenset(held[row.id]) if row.scoped else None) for row in rows]


async def _places(connection: AsyncConnection, group_ids: frozenset[int]) -> list[Place]:
    query = sa.select(groups.c.organisation_id, groups.c.id).where(groups.c.id.in_(sorted(group_ids)))
    return [Place(row.organisation_id, row.id) for row in await connection.execute(query)]


def _token(row: _Row, group_ids: frozenset[int] | None) -> Token:
    return Token(
        id=row.id,
        person_id=row.person_id,
        person_name=row.person_name,
        kind=cast(TokenKind, row.kind),
        label=row.label,
        role=None if row.role is None else Role(row.role),
        group_ids=group_ids,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )

"""Conversations and their turns in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from gateway.conversations.records.rows import Kept, KeptTurn, kept_of, row_of, turn_of, turn_row
from gateway.conversations.types import ConversationQuery, ConversationStatus, Page, TurnState
from gateway.store.chat_tables import conversations, turns
from protocol.problems import Problem, ProblemCode

_OPEN = (TurnState.RUNNING.value, TurnState.WAITING.value)


class ConversationRecords:
    """Conversations without their messages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, kept: Kept) -> None:
        """Keep a new one."""
        async with self._store.begin() as connection:
            await connection.execute(sa.insert(conversations).values(row_of(kept)))

    async def save(self, kept: Kept) -> None:
        """Keep one as it is now; one that was removed in between stays removed."""
        async with self._store.begin() as connection:
            await put(connection, kept)

    async def get(self, conversation_id: str) -> Kept | None:
        """One, None where there is none."""
        async with self._store.read() as connection:
            found = await connection.execute(sa.select(conversations).where(conversations.c.id == conversation_id))
            row = found.first()
            return None if row is None else kept_of(row)

    async def some(self, ids: Sequence[str]) -> dict[str, Kept]:
        """Several, by id; those that are not there are left out."""
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(conversations).where(conversations.c.id.in_(ids)))
            return {kept.conversation.id: kept for kept in map(kept_of, rows)}

    async def remove(self, conversation_id: str) -> None:
        """Forget one with everything in it."""
        async with self._store.begin() as connection:
            await connection.execute(sa.delete(conversations).where(conversations.c.id == conversation_id))

    async def page(self, query: ConversationQuery) -> Page:
        """The one that changed last first."""
        wanted = _wanted(query)
        order = (conversations.c.updated_at.desc(), conversations.c.id.desc())
        page = sa.select(conversations).where(*wanted, *_after(query.before)).order_by(*order).limit(query.limit + 1)
        async with self._store.read() as connection:
            total = await connection.scalar(sa.select(sa.func.count()).select_from(conversations).where(*wanted))
            found = [kept_of(row).conversation for row in await connection.execute(page)]
        items = found[: query.limit]
        more = len(found) > query.limit
        return Page(items, f"{items[-1].updated_at.timestamp():.6f}~{items[-1].id}" if more else None, total)

    async def turns(self, conversation_id: str, limit: int) -> list[KeptTurn]:
        """The last turns, oldest first."""
        last = (
            sa.select(turns).where(turns.c.conversation_id == conversation_id).order_by(turns.c.id.desc()).limit(limit)
        )
        async with self._store.read() as connection:
            return [turn_of(row) for row in await connection.execute(last)][::-1]

    async def turn(self, turn_id: str) -> KeptTurn | None:
        """One turn."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(turns).where(turns.c.id == turn_id))).first()
            return None if row is None else turn_of(row)

    async def queued(self) -> list[KeptTurn]:
        """Turns that wait to be begun, the oldest first."""
        waiting = sa.select(turns).where(turns.c.state == TurnState.QUEUED.value).order_by(turns.c.id)
        async with self._store.read() as connection:
            return [turn_of(row) for row in await connection.execute(waiting)]

    async def cut_short(self, problem: object, at: datetime) -> int:
        """Mark every turn that ran when the program ended, and its conversation, as failed; how many there were."""
        async with self._store.begin() as connection:
            ran = sa.select(turns.c.conversation_id).where(turns.c.state.in_(_OPEN))
            await connection.execute(
                sa.update(conversations)
                .where(conversations.c.id.in_(ran))
                .values(status=ConversationStatus.FAILED.value, problem=problem)
            )
            ended = await connection.execute(
                sa.update(turns)
                .where(turns.c.state.in_(_OPEN))
                .values(state=TurnState.FAILED.value, problem=problem, ended_at=at)
            )
            return ended.rowcount


async def put(connection: AsyncConnection, kept: Kept) -> None:
    """Write a conversation within a transaction of somebody else's."""
    values = row_of(kept)
    await connection.execute(sa.update(conversations).where(conversations.c.id == values["id"]).values(values))


async def put_turn(connection: AsyncConnection, kept: KeptTurn) -> None:
    """Write a turn within a transaction of somebody else's."""
    values = turn_row(kept)
    changed = await connection.execute(sa.update(turns).where(turns.c.id == values["id"]).values(values))
    if not changed.rowcount:
        await connection.execute(sa.insert(turns).values(values))


def _wanted(query: ConversationQuery) -> list[sa.ColumnElement[bool]]:
    table = conversations.c
    wanted: list[sa.ColumnElement[bool]] = [table.archived == query.archived]
    for column, value in (
        (table.cli, query.cli),
        (table.worker_id, query.agent_id),
        (table.folder, None if query.folder is None else str(query.folder)),
        (table.status, None if query.status is None else query.status.value),
    ):
        if value is not None:
            wanted.append(column == value)
    if query.text:
        wanted.append(sa.func.lower(table.title).contains(query.text.lower(), autoescape=True))
    return wanted


def _after(place: str | None) -> list[sa.ColumnElement[bool]]:
    if place is None:
        return []
    try:
        seconds, name = place.split("~", 1)
        at = datetime.fromtimestamp(float(seconds)).astimezone()
    except (ValueError, OverflowError, OSError):
        raise Problem(ProblemCode.INVALID_REQUEST, "This place is none. Use next of the page before.") from None
    table = conversations.c
    return [sa.or_(table.updated_at < at, sa.and_(table.updated_at == at, table.id < name))]

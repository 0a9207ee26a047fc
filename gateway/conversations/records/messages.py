"""Messages and their parts in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from gateway.conversations.parts import AnyPart
from gateway.conversations.records.conversations import put, put_turn
from gateway.conversations.records.rows import AnyRow, Kept, KeptTurn, message_of, part_json, part_of, turn_of
from gateway.conversations.texts import words_of
from gateway.conversations.types import Message
from gateway.store.chat_tables import messages, parts, turns

_WITH_USAGE = sa.select(messages, turns.c.usage).join_from(
    messages, turns, turns.c.id == messages.c.turn_id, isouter=True
)
"""Messages with what their turns took."""


class MessageRecords:
    """Messages with their parts, one row for each part."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def accept(self, message: Message, turn: KeptTurn, kept: Kept, client_id: str | None) -> None:
        """A person's message and its turn, in one transaction. IntegrityError for a ``client_id`` used before."""
        async with self._store.begin() as connection:
            await _insert(connection, message, client_id)
            await put_turn(connection, turn)
            await put(connection, kept)

    async def add(self, message: Message) -> None:
        """Keep a message that begins, or one that is complete."""
        async with self._store.begin() as connection:
            await _insert(connection, message, None)

    async def put_parts(self, message_id: str, changed: Mapping[int, AnyPart]) -> None:
        """Write the parts that are new or others, by their place."""
        async with self._store.begin() as connection:
            await _put_parts(connection, message_id, changed)

    async def finish(self, message: Message | None, changed: Mapping[int, AnyPart], turn: KeptTurn, kept: Kept) -> None:
        """The end of a turn: the rest of its answer, what the search reads of it, the turn, the conversation.

        A conversation that was removed meanwhile stays removed.
        """
        with suppress(IntegrityError):
            async with self._store.begin() as connection:
                if message is not None:
                    await _put_parts(connection, message.id, changed)
                    await _complete(connection, message.id, message.parts, message.completed_at)
                await put_turn(connection, turn)
                await put(connection, kept)

    async def get(self, conversation_id: str, message_id: str) -> Message | None:
        """One."""
        wanted = sa.and_(messages.c.conversation_id == conversation_id, messages.c.id == message_id)
        found = await self._messages(_WITH_USAGE.where(wanted))
        return found[0] if found else None

    async def page(
        self, conversation_id: str, *, before: str | None = None, after: str | None = None, limit: int = 100
    ) -> list[Message]:
        """Oldest first; the last ``limit`` before a place, or the first after one."""
        wanted = [messages.c.conversation_id == conversation_id]
        if before is not None:
            wanted.append(messages.c.id < before)
        if after is not None:
            wanted.append(messages.c.id > after)
        upwards = after is not None and before is None
        order = messages.c.id if upwards else messages.c.id.desc()
        found = await self._messages(_WITH_USAGE.where(*wanted).order_by(order).limit(limit))
        return found if upwards else found[::-1]

    async def last_id(self, conversation_id: str) -> str:
        """The id of the last message; empty where there is none."""
        async with self._store.read() as connection:
            last = sa.select(sa.func.max(messages.c.id)).where(messages.c.conversation_id == conversation_id)
            return str(await connection.scalar(last) or "")

    async def turn_of_client_id(self, conversation_id: str, client_id: str) -> KeptTurn | None:
        """The turn of the message that a client sent under this id."""
        sent = sa.select(messages.c.turn_id).where(
            messages.c.conversation_id == conversation_id, messages.c.client_id == client_id
        )
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(turns).where(turns.c.id.in_(sent)))).first()
            return None if row is None else turn_of(row)

    async def complete_cut_short(self, at: datetime) -> None:
        """Complete the messages that grew when the program ended."""
        async with self._store.read() as connection:
            growing = sa.select(messages.c.id).where(messages.c.completed_at.is_(None))
            ids = [str(row[0]) for row in await connection.execute(growing)]
        for message_id in ids:
            [message] = await self._messages(_WITH_USAGE.where(messages.c.id == message_id))
            async with self._store.begin() as connection:
                await _complete(connection, message_id, message.parts, at)

    async def _messages(self, wanted: sa.Select[*tuple[object, ...]]) -> list[Message]:
        async with self._store.read() as connection:
            rows: Sequence[AnyRow] = (await connection.execute(wanted)).all()
            ids = [row._mapping["id"] for row in rows]
            found: dict[str, list[AnyPart]] = {message_id: [] for message_id in ids}
            of_these = sa.select(parts).where(parts.c.message_id.in_(ids)).order_by(parts.c.message_id, parts.c.place)
            for row in await connection.execute(of_these):
                found[row.message_id].append(part_of(row.part))
        return [message_of(row, tuple(found[row._mapping["id"]])) for row in rows]


async def _insert(connection: AsyncConnection, message: Message, client_id: str | None) -> None:
    done = message.completed_at is not None
    await connection.execute(
        sa.insert(messages).values(
            id=message.id,
            conversation_id=message.conversation_id,
            turn_id=message.turn_id,
            role=message.role,
            by=message.by,
            created_at=message.created_at,
            completed_at=message.completed_at,
            client_id=client_id,
            text=words_of(message.parts) if done else "",
        )
    )
    await _put_parts(connection, message.id, dict(enumerate(message.parts)))


async def _put_parts(connection: AsyncConnection, message_id: str, changed: Mapping[int, AnyPart]) -> None:
    for place, part in changed.items():
        here = sa.and_(parts.c.message_id == message_id, parts.c.place == place)
        written = await connection.execute(sa.update(parts).where(here).values(part=part_json(part)))
        if not written.rowcount:
            await connection.execute(sa.insert(parts).values(message_id=message_id, place=place, part=part_json(part)))


async def _complete(
    connection: AsyncConnection, message_id: str, its_parts: Sequence[AnyPart], at: datetime | None
) -> None:
    await connection.execute(
        sa.update(messages).where(messages.c.id == message_id).values(completed_at=at, text=words_of(its_parts))
    )

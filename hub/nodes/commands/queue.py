"""Accepting, showing and cancelling commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from foundation.store.gathering import remove_in_pieces
from foundation.store.light import AsyncConnection
from foundation.store.text import column_text
from hub.nodes.commands import rows
from hub.nodes.commands.announcing import Announcing
from hub.nodes.commands.repeats import rule_of
from hub.nodes.commands.rows import AnyRow, as_command
from hub.nodes.commands.types import (
    EXPIRES_AT_MOST,
    MAX_PAGE,
    MAX_PAYLOAD,
    MAX_WAITING,
    Box,
    CommandState,
    QueuedCommand,
    Submission,
)
from hub.nodes.presence import database_time
from hub.store.tables.devices import devices
from hub.store.tables.nodes import commands
from protocol.codec import encode, parse_command, parse_event
from protocol.commands import AnyCommand
from protocol.events import AnyEvent
from protocol.problems import Problem, ProblemCode

_KEY: Final = re.compile(r"[!-~]{1,128}")
_REQUEST_ID: Final = "queued"


class StoredCommands:
    """:class:`hub.nodes.commands.types.CommandQueue` on the store. ``wake`` tells the device's node, wherever it is."""

    def __init__(self, store: Store, box: Box, announcing: Announcing, wake: Callable[[str], None]) -> None:
        self._store = store
        self._box = box
        self._announcing = announcing
        self._wake = wake

    async def submit(self, wish: Submission) -> QueuedCommand:
        """Accept."""
        payload = _payload(wish)
        try:
            accepted, is_new = await self._submit(wish, payload)
        except IntegrityError:
            # The same key a moment ago, or the device was removed: the store knows now which.
            accepted, is_new = await self._submit(wish, payload)
        if is_new:
            await self._announcing.tell([accepted])
            self._wake(wish.device_id)
        return accepted

    async def get(self, device_id: str, command_id: int) -> QueuedCommand:
        """Show one."""
        async with self._store.read() as connection:
            row = await rows.find(connection, device_id, command_id)
        if row is None:
            raise _unknown()
        return replace(as_command(row), answer=self._answer(row))

    async def listed(self, device_id: str, *, before: int | None = None, limit: int = 50) -> list[QueuedCommand]:
        """Show many."""
        query = sa.select(commands).where(commands.c.device_id == device_id).order_by(commands.c.id.desc())
        if before is not None:
            query = query.where(commands.c.id < before)
        async with self._store.read() as connection:
            found = await connection.execute(query.limit(min(max(limit, 1), MAX_PAGE)))
            return [as_command(row) for row in found]

    async def cancel(self, device_id: str, command_id: int) -> QueuedCommand:
        """Take back."""
        async with self._store.begin() as connection:
            cancelled = await connection.execute(
                sa.update(commands)
                .where(
                    commands.c.id == command_id,
                    commands.c.device_id == device_id,
                    commands.c.state == CommandState.PENDING,
                )
                .values(state=CommandState.CANCELLED, finished_at=await database_time(connection))
            )
            row = await rows.find(connection, device_id, command_id)
        if row is None:
            raise _unknown()
        if not cancelled.rowcount:
            message = f"The command is {row.state} already. Only one that waits can be cancelled."
            raise Problem(ProblemCode.CONFLICT, message, {"state": str(row.state)})
        await self._announcing.tell([as_command(row)])
        return as_command(row)

    async def prune(self, before: datetime) -> None:
        """Forget commands that were over before then (aware UTC). Raises Problem where the store cannot."""
        await remove_in_pieces(self._store, commands, commands.c.finished_at < before)

    def sealed_answer(self, device_id: str, events: Iterable[AnyEvent]) -> bytes:
        """An answer for the row; the first events of one that is too long."""
        lines: list[str] = []
        room = MAX_PAYLOAD
        for event in events:
            line = encode(event, max_bytes=None)
            room -= len(line)
            if room < 0:
                break
            lines.append(line)
        return self._box.seal("\n".join(lines), _place(device_id))

    def command_of(self, row: AnyRow, request_id: str) -> AnyCommand:
        """What is to be sent. Raises Problem(UNAVAILABLE) where it was sealed with another key."""
        command = parse_command(self._box.open(row.payload, _place(row.device_id)))
        return command.model_copy(update={"request_id": request_id})

    async def _submit(self, wish: Submission, payload: str) -> tuple[QueuedCommand, bool]:
        async with self._store.begin() as connection:
            if await connection.scalar(sa.select(devices.c.id).where(devices.c.id == wish.device_id)) is None:
                raise Problem(ProblemCode.NOT_FOUND, "There is no such device.")
            if wish.key is not None:
                row = await rows.find_by_key(connection, wish.device_id, _owner(wish), wish.key)
                if row is not None:
                    return self._same(row, payload), False
            if await rows.waiting(connection, wish.device_id) >= MAX_WAITING:
                message = f"{MAX_WAITING} commands wait for this device already. Cancel some, or wait until it is back."
                raise Problem(ProblemCode.TOO_MANY, message)
            return as_command(await self._insert(connection, wish, payload)), True

    async def _insert(self, connection: AsyncConnection, wish: Submission, payload: str) -> AnyRow:
        now: datetime = await database_time(connection)
        values = {
            "device_id": wish.device_id,
            "person": column_text(wish.person, 64),
            "key_owner": _owner(wish),
            "idempotency_key": wish.key,
            "type": wish.command.type,
            "payload": self._box.seal(payload, _place(wish.device_id)),
            "state": CommandState.PENDING,
            "created_at": now,
            "expires_at": now + timedelta(seconds=wish.expires_in),
            "attempts": 0,
        }
        row: AnyRow = (await connection.execute(sa.insert(commands).values(values).returning(commands))).one()
        return row

    def _same(self, row: AnyRow, payload: str) -> QueuedCommand:
        if self._box.open(row.payload, _place(row.device_id)) != payload:
            message = "This Idempotency-Key was used for another command. Take a new key for each command."
            raise Problem(ProblemCode.CONFLICT, message, {"command_id": str(row.id)})
        return as_command(row)

    def _answer(self, row: AnyRow) -> tuple[AnyEvent, ...]:
        if row.answer is None:
            return ()
        lines = self._box.open(row.answer, _place(row.device_id)).split("\n")
        return tuple(parse_event(line) for line in lines if line)


def _payload(wish: Submission) -> str:
    """What is kept of a wish, whose request id is chosen anew for each attempt."""
    rule_of(wish.command)
    if wish.key is not None and not _KEY.fullmatch(wish.key):
        message = "An Idempotency-Key has 1 to 128 visible characters of ASCII."
        raise Problem(ProblemCode.INVALID_REQUEST, message)
    if not 1 <= wish.expires_in <= EXPIRES_AT_MOST:
        message = f"A command waits between 1 and {EXPIRES_AT_MOST:.0f} seconds. Choose an expiry in between."
        raise Problem(ProblemCode.INVALID_REQUEST, message)
    return encode(wish.command.model_copy(update={"request_id": _REQUEST_ID}), max_bytes=MAX_PAYLOAD)


def _owner(wish: Submission) -> str:
    return column_text(f"person {wish.person}" if wish.token_id is None else f"token {wish.token_id}", 64)


def _place(device_id: str) -> str:
    return f"command of {device_id}"


def _unknown() -> Problem:
    return Problem(ProblemCode.NOT_FOUND, "There is no such command for this device.")

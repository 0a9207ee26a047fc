"""The pipes of a program: lines of JSON with bounds on both ways, and what it says on standard error.

Bounded in every direction: a line, the rubbish between lines, what we keep of standard error, what waits to be written.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from protocol.problems import Problem, ProblemCode

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of one message of the program."""
MAX_RUBBISH: Final = 64 * 1024
"""Bytes between messages that are none, since the last one that was. Programs do print a stray warning."""
KEPT_ERRORS: Final = 16 * 1024
"""Bytes of standard error that are kept, the last ones."""
_BATCH: Final = 64
"""Messages handed on before everything else on the loop has its turn."""


class Lines:
    """Messages to and from a program. Implements the transport of ``acp.connection.Connection``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Callable[[], None]) -> None:
        self._reader = reader
        self._writer = writer
        self._heard = heard
        self._rubbish = 0
        self._since_pause = 0
        self.problem: Problem | None = None
        """Why the program is no longer listened to."""

    async def send(self, message: dict[str, Any]) -> None:
        """Write a message. Raises ConnectionError when the program has gone."""
        self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """The next message; None at the end, or when what comes is no longer taken (:attr:`problem`)."""
        while self.problem is None:
            line = await self._line()
            if not line:
                return None
            message = _parsed(line)
            if message is not None:
                self._rubbish = 0
                self._heard()
                await self._give_way()
                return message
            self._throw_away(line)
        return None

    async def close(self) -> None:
        """Let go of the program's input; it reads the end of it."""
        self._writer.close()

    async def _give_way(self) -> None:
        # A reader with a full buffer never waits, and a flood would keep everybody else from running.
        self._since_pause += 1
        if self._since_pause >= _BATCH:
            self._since_pause = 0
            await asyncio.sleep(0)

    async def _line(self) -> bytes:
        kept = bytearray()
        while True:
            try:
                return bytes(kept) + await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError as end:
                return bytes(kept) + end.partial
            except asyncio.LimitOverrunError as more:
                kept += await self._reader.readexactly(more.consumed)
                if len(kept) > MAX_LINE:
                    self.problem = Problem(
                        ProblemCode.RUNAWAY_OUTPUT,
                        "The agent sent a message without end and was stopped. Try again.",
                    )
                    return b""

    def _throw_away(self, line: bytes) -> None:
        self._rubbish += len(line)
        if self._rubbish > MAX_RUBBISH:
            self.problem = Problem(
                ProblemCode.MALFORMED_MESSAGE,
                "The agent printed what nobody can read and was stopped. Update or reinstall its CLI, then try again.",
            )


class Errors:
    """The end of what a program said on standard error."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._blocks: deque[bytes] = deque()
        self._size = 0
        self._task = asyncio.create_task(self._read(reader), name="an agent's standard error")

    @property
    def tail(self) -> str:
        """The last of it."""
        return b"".join(self._blocks)[-KEPT_ERRORS:].decode(errors="replace")

    async def close(self) -> None:
        """Stop reading."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while block := await reader.read(4096):
            self._blocks.append(block)
            self._size += len(block)
            while self._size - len(self._blocks[0]) >= KEPT_ERRORS:
                self._size -= len(self._blocks.popleft())


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

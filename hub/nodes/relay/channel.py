"""One end of a relayed stream of bytes, both ways, each bounded by what the reader gave credit for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from hub.nodes.envelope import pack_problem, unpack
from hub.nodes.refusals import gone
from hub.nodes.relay.pieces import MAX_PIECE, Kind, Piece, credit, read_credit
from protocol.problems import Problem

STREAM_WINDOW: Final = 256 * 1024
TERMINAL_WINDOW: Final = 64 * 1024
Send = Callable[["Channel", Kind, int, bytes], Awaitable[None]]
"""Sends a piece to the channel's peer. Raises Problem."""


class Channel:
    """A duplex stream: :class:`hub.ports.Stream` to another node. One task may read and one write.

    At most ``window`` bytes wait at either end, whatever the other side does. A piece that is missing breaks it off:
    the bus may lose messages, a stream may not.
    """

    def __init__(self, channel_id: str, window: int, send: Send, forget: Callable[[Channel], None]) -> None:
        self.id = channel_id
        self.peer = ""
        """The other node's id, as soon as it is known."""
        self._window = window
        self._send = send
        self._forget = forget
        self._credit = window
        self._sent = 0
        self._expected = 0
        self._waiting: deque[bytes] = deque()
        self._unread = 0
        self._owed = 0
        self._ended = False
        self._over = False
        self._problem: Problem | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()

    async def read(self) -> bytes:
        """The next bytes; b"" at the end. Raises Problem when the stream broke off."""
        while not self._waiting:
            if self._problem is not None:
                raise self._problem
            if self._ended or self._over:
                return b""
            self._readable.clear()
            await self._readable.wait()
        data = self._waiting.popleft()
        self._unread -= len(data)
        self._owed += len(data)
        if self._owed >= self._window // 2 and not self._over and not self._ended:
            owed, self._owed = self._owed, 0
            await self._out(Kind.CREDIT, 0, credit(owed))
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the other side has no room. Raises Problem when the stream broke off."""
        start = 0
        while start < len(data):
            room = await self._room()
            piece = data[start : start + min(room, MAX_PIECE)]
            start += len(piece)
            self._credit -= len(piece)
            number, self._sent = self._sent, self._sent + 1
            await self._out(Kind.DATA, number, piece)

    async def end(self) -> None:
        """Nothing more will be written; reading goes on."""
        if not self._over:
            number, self._sent = self._sent, self._sent + 1
            await self._out(Kind.END, number, b"")

    async def close(self, problem: Problem | None = None) -> None:
        """Be done with it, both ways; the other side reads the problem. Never raises."""
        if self._over:
            return
        try:
            await self._send(self, Kind.CLOSE, 0, b"" if problem is None else pack_problem(problem))
        except Problem:
            pass  # the other side sees the bus go, too, or hears nothing from us any more
        finally:
            self.broke(None)

    def broke(self, problem: Problem | None) -> None:
        """The other side is gone: what was read stays to be read, then comes the problem, or the end."""
        if self._over:
            return
        self._over = True
        self._problem = problem
        self._forget(self)
        self._readable.set()
        self._writable.set()

    async def received(self, piece: Piece) -> None:
        """A piece came from the other side."""
        self.peer = self.peer or piece.sender
        match piece.kind:
            case Kind.CREDIT:
                self._credit = min(self._credit + read_credit(piece.rest), self._window)
                self._writable.set()
            case Kind.CLOSE:
                self.broke(await _problem_of(piece.rest))
            case Kind.DATA | Kind.END:
                self._take(piece)

    def _take(self, piece: Piece) -> None:
        if piece.number != self._expected & 0xFFFFFFFF or self._unread + len(piece.rest) > self._window:
            self.broke(gone())
            return
        self._expected += 1
        if piece.kind is Kind.END:
            self._ended = True
        elif piece.rest:
            self._waiting.append(piece.rest)
            self._unread += len(piece.rest)
        self._readable.set()

    async def _room(self) -> int:
        while self._credit <= 0 and not self._over:
            self._writable.clear()
            await self._writable.wait()
        if self._over:
            raise self._problem or gone()
        return self._credit

    async def _out(self, kind: Kind, number: int, rest: bytes) -> None:
        try:
            await self._send(self, kind, number, rest)
        except Problem as problem:
            self.broke(problem)
            raise


async def _problem_of(rest: bytes) -> Problem | None:
    if not rest:
        return None
    try:
        await unpack(rest)
    except Problem as problem:
        return problem
    return None

"""A viewer of a session at the hub, that checks what it is shown: no gap and no doubled frame, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from pydantic import JsonValue, TypeAdapter

from protocol.frames import BinaryFrame, FrameKind

_MESSAGE: Final = TypeAdapter(dict[str, JsonValue])
WITHIN: Final = 30.0


class Terminal:
    """One socket. ``shown`` is the last whole screen and what followed it."""

    def __init__(self, socket: ClientWebSocketResponse, session_id: str) -> None:
        self.shown = b""
        self.snapshots = 0
        self.frames = 0
        self.problems: list[str] = []
        """The codes of what went wrong meanwhile."""
        self.closed = False
        self._socket = socket
        self._session_id = session_id
        self._next: int | None = None
        self._news = asyncio.Event()

    async def type(self, text: str) -> None:
        """Press keys."""
        await self._socket.send_bytes(BinaryFrame(FrameKind.INPUT, self._session_id, 0, text.encode()).encode())

    async def until(self, holds: Callable[[], bool], within: float = WITHIN) -> None:
        """Wait for what is shown."""
        try:
            async with asyncio.timeout(within):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"it shows {self.shown[-400:]!r} after {self.problems}") from None

    async def shows(self, text: str, within: float = WITHIN) -> None:
        """Wait until a text is there."""
        await self.until(lambda: text.encode() in self.shown, within)

    async def echoes(self, word: str, within: float = WITHIN) -> None:
        """Have the shell say a word that is not in the line which is typed."""
        head, tail = word[:1], word[1:]
        await self.type(f"echo {head}''{tail}\r")
        await self.shows(word, within)

    async def read(self) -> None:
        """Take what comes, until the socket ends."""
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self._take_text(_MESSAGE.validate_json(message.data))
            elif message.type is WSMsgType.BINARY:
                self._take_frame(BinaryFrame.decode(message.data))
            self._news.set()
        self.closed = True
        self._news.set()

    def _take_text(self, message: dict[str, JsonValue]) -> None:
        if message["type"] == "session.snapshot":
            self.snapshots += 1
            self.shown = str(message["content"]).encode()
            assert isinstance(message["seq"], int)
            self._next = message["seq"]
        elif message["type"] == "session.error":
            self.problems.append(str(message.get("code")))

    def _take_frame(self, frame: BinaryFrame) -> None:
        assert frame.seq == self._next, f"frame {frame.seq} came where {self._next} was due"
        self._next = frame.seq + 1
        self.frames += 1
        self.shown += frame.payload


@asynccontextmanager
async def terminal(http: ClientSession, url: str, token: str, session_id: str) -> AsyncIterator[Terminal]:
    """Watch a session at ``url``, the address of its terminal socket, until left."""
    headers = {"Authorization": f"Bearer {token}"}
    async with http.ws_connect(url, headers=headers) as socket:
        watching = Terminal(socket, session_id)
        reading = asyncio.create_task(watching.read())
        try:
            await watching.until(lambda: watching.snapshots > 0)
            yield watching
        finally:
            reading.cancel()
            [end] = await asyncio.gather(reading, return_exceptions=True)
        if isinstance(end, Exception):
            raise end

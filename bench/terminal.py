"""One client for every peer: bytes in, bytes out, whatever the peer wraps them in."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

import aiohttp

from bench.processes import PeerFailed

COLS, ROWS = 80, 24


class Terminal(ABC):
    """A terminal with a program in it, as one viewer sees it."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Type these bytes."""

    @abstractmethod
    async def receive(self) -> bytes:
        """The next output; may be empty when a message carried none. Raises PeerFailed at the end."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the terminal, and of the program in it where the peer ends it with its viewer."""


class WebSocketTerminal(Terminal):
    """A terminal over a WebSocket, with the two translations a peer's protocol needs."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        encode: Callable[[bytes], str | bytes],
        decode: Callable[[str | bytes], bytes],
    ) -> None:
        self.socket = socket
        self._encode = encode
        self._decode = decode

    async def send(self, data: bytes) -> None:
        """Type these bytes."""
        await self.send_message(self._encode(data))

    async def send_message(self, message: str | bytes) -> None:
        """Send a message of the peer's protocol as it is."""
        if isinstance(message, str):
            await self.socket.send_str(message)
        else:
            await self.socket.send_bytes(message)

    async def receive_message(self) -> str | bytes:
        """The next message of the peer's protocol as it is."""
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT or message.type is aiohttp.WSMsgType.BINARY:
            data: str | bytes = message.data
            return data
        raise PeerFailed(f"the socket closed: {message.type.name} {message.data} {message.extra or ''}".strip())

    async def receive(self) -> bytes:
        """The next output."""
        return self._decode(await self.receive_message())

    async def close(self) -> None:
        """Close the socket."""
        await self.socket.close()


async def read_until(terminal: Terminal, marker: bytes, seconds: float) -> bytes:
    """Output up to the message that completes the marker."""
    seen = bytearray()
    async with asyncio.timeout(seconds):
        while marker not in seen:
            seen += await terminal.receive()
    return bytes(seen)

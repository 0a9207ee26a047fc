"""A server that is no control plane: it answers whatever comes with bytes of the test's choice."""

from __future__ import annotations

import asyncio
from types import TracebackType

from tests.doubles.control_plane.link import PATIENCE


class GarbageServer:
    """Answers every connection with the same bytes and hangs up. Use as an async context manager."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.calls = 0
        self._server: asyncio.Server | None = None
        self._called = asyncio.Event()
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> GarbageServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def called(self, number: int, within: float = PATIENCE) -> None:
        """Wait for the ``number``-th connection."""
        async with asyncio.timeout(within):
            while self.calls < number:
                await self._called.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self._called.set()
        self._called = asyncio.Event()
        await reader.read(4096)
        writer.write(self.answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

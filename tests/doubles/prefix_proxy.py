"""Shows another server below a prefix, as a hub shows a device: takes the prefix off and sends the request on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class PrefixProxy:
    """One request for each connection; ``strays`` are the paths that somebody asked for outside the prefix."""

    def __init__(self, prefix: str, host: str, port: int) -> None:
        self._prefix = prefix
        self._target = (host, port)
        self._open: set[asyncio.Task[None]] = set()
        self.strays: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Listen on loopback; the address below which the server is shown."""
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}{self._prefix}"
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await server.wait_closed()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._forward(reader, writer)
        finally:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, version = head.partition("\r\n")[0].split(" ")
        if not path.startswith(f"{self._prefix}/"):
            self.strays.append(path)
            writer.write(_NOTHING)
            await writer.drain()
            return
        head = head.replace(f"{method} {path} {version}", f"{method} {path.removeprefix(self._prefix)} {version}", 1)
        if re.search(r"^upgrade:", head, re.IGNORECASE | re.MULTILINE) is None:
            head = re.sub(r"(?im)^connection:.*\r\n", "", head).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        try:
            far_writer.write(head.encode("latin-1"))
            up = asyncio.create_task(_copy(reader, far_writer))
            try:
                await _copy(far_reader, writer)
            finally:
                up.cancel()
                await asyncio.gather(up, return_exceptions=True)
        finally:
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()

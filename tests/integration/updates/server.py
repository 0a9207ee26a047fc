"""A web server with one file, which cuts connections, changes the file and lies about it when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class FileServer:
    """Serves ``content`` at /bundle. ``cuts``: after how many bytes each of the next answers ends."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag: str | None = '"one"'
        self.cuts: list[int] = []
        self.status: int | None = None
        self.says_length = True
        self.knows_ranges = True
        self.ranges: list[str | None] = []
        self.sent = 0
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FileServer]:
        """Listen while inside."""
        app = web.Application()
        app.router.add_get("/bundle", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bundle"
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.ranges.append(request.headers.get("Range"))
        if self.status is not None:
            return web.Response(status=self.status)
        if self.knows_ranges and request.headers.get("Range") == "bytes=0-3":
            return self._first(4)
        start = self._start(request)
        if start and start >= len(self.content):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(self.content)}"})
        response = web.StreamResponse(status=206 if start else 200)
        if self.etag:
            response.headers["ETag"] = self.etag
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        if self.says_length:
            response.content_length = len(self.content) - start
        await response.prepare(request)
        body = self.content[start:]
        cut = self.cuts.pop(0) if self.cuts else None
        await response.write(body if cut is None else body[:cut])
        self.sent += len(body if cut is None else body[:cut])
        if cut is not None:
            assert request.transport is not None
            await asyncio.to_thread(lambda: None)
            request.transport.close()
        return response

    def _first(self, size: int) -> web.Response:
        self.sent += size
        headers = {"Content-Range": f"bytes 0-{size - 1}/{len(self.content)}"}
        return web.Response(status=206, body=self.content[:size], headers=headers)

    def _start(self, request: web.Request) -> int:
        wanted = request.headers.get("Range")
        if wanted is None or request.headers.get("If-Range") != self.etag:
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

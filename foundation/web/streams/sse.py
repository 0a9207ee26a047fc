"""Server-sent events (WHATWG HTML, 9.2): the answer that stays open, and what is written into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

from aiohttp import web

from foundation.web.streams.live import LIVE

KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies and radios keep the connection."""
RETRY_MS: Final = 3000
_STUCK: Final = 60.0


class SseWriter:
    """Writes blocks into one open stream."""

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response

    async def start(self, block: str) -> None:
        """The first block, after how long a reader that lost us waits before it comes back."""
        await self._write(f"retry: {RETRY_MS}\n{block}")

    async def send(self, block: str) -> None:
        """One block, as :func:`event`, :func:`place` and :func:`reset` make them."""
        await self._write(block)

    async def keep_alive(self) -> None:
        """A comment, which readers pass over."""
        await self._write(": still here\n\n")

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(_STUCK):
            await self._response.write(text.encode())


def event(place: str, json: str) -> str:
    """An event and the place after it; ``json`` has no line break."""
    return f"id: {place}\ndata: {json}\n\n"


def place(place: str) -> str:
    """A place without an event: a reader that is cut off before the first one comes back to it."""
    return f"id: {place}\n\n"


def reset(place: str) -> str:
    """Tells a reader that something was missed: it loads what it shows anew."""
    return f"id: {place}\nevent: reset\ndata: {{}}\n\n"


class SseStream:
    """The answer to one reader of a stream."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.response = web.StreamResponse()
        self.response.content_type = "text/event-stream"
        self.response.headers["X-Accel-Buffering"] = "no"

    @asynccontextmanager
    async def open(self, login_id: int, expires_at: datetime | None) -> AsyncIterator[SseWriter]:
        """A stream that ends with the login; inside, write until the reader goes away, which ends the block silently.

        Raises TOO_MANY and UNAVAILABLE before the stream begins.
        """
        cut = asyncio.timeout(None)
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(cut)
                stack.enter_context(self._request.app[LIVE].watch(login_id, expires_at, lambda _: _now(cut)))
                await self.response.prepare(self._request)
                yield SseWriter(self.response)
        except TimeoutError:
            self._let_go()
        except ConnectionError:
            pass  # The reader went away, as every reader does.

    def _let_go(self) -> None:
        """A reader that does not read would keep the connection, and us waiting for it to take the rest."""
        transport = self._request.transport
        if transport is not None and transport.get_write_buffer_size():
            transport.abort()


def _now(cut: asyncio.Timeout) -> None:
    if not cut.expired():
        cut.reschedule(asyncio.get_running_loop().time())

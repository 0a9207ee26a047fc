"""A stream of events whose reader does not read: it ends with its login all the same."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web
from aiohttp.test_utils import TestServer

from foundation.web.streams.live import LIVE, LiveLogins
from foundation.web.streams.sse import SseStream, event

LOGIN = 1
WITHIN = 10.0
LAST_CHUNK = b"0\r\n\r\n"
"""What ends an answer without a length (RFC 9112, 7.1)."""
ENOUGH = 64 * 1024 * 1024
"""Bytes that no kernel keeps for somebody who does not read."""


class Events:
    """A server whose stream brings more than its reader takes."""

    def __init__(self) -> None:
        self.stuck = asyncio.Event()
        self.over = asyncio.Event()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Write until the reader takes no more, and wait for it then."""
        stream = SseStream(request)
        async with stream.open(LOGIN, None) as writer:
            self._note_when_full(request.transport)
            for place in range(ENOUGH // 65536):
                await writer.send(event(str(place), "x" * 65536))
        self.over.set()
        return stream.response

    def _note_when_full(self, transport: asyncio.Transport | None) -> None:
        assert transport is not None
        if transport.get_write_buffer_size():
            self.stuck.set()
        else:
            asyncio.get_running_loop().call_later(0.01, self._note_when_full, transport)


async def test_a_reader_is_let_go_when_its_login_ends() -> None:
    events, app = Events(), web.Application()
    app[LIVE] = LiveLogins()
    app.router.add_get("/", events.stream)
    async with TestServer(app) as server, asyncio.timeout(WITHIN):
        reader, client = await asyncio.open_connection(server.host, server.port, limit=1024)
        client.write(b"GET / HTTP/1.1\r\nHost: hutch\r\n\r\n")
        await events.stuck.wait()
        app[LIVE].revoked(LOGIN)
        await events.over.wait()
        assert not (await _rest(reader)).endswith(LAST_CHUNK)
        client.close()
        with suppress(ConnectionError):
            await client.wait_closed()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """The end of what still comes, which is where a whole answer would say that it is one."""
    end = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            end = (end + piece)[-len(LAST_CHUNK) :]
    return end

"""Output on a viewer's real socket: written at once, until the viewer does not keep up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

from foundation.web.streams.output import UNWRITTEN_BYTES, OutputWriter
from foundation.web.streams.terminal import terminal_websocket
from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import MAX_OUTPUT_PAYLOAD

ENOUGH = 4096
"""Frames of 16 KiB that no kernel keeps for somebody who does not read."""


class Terminal:
    """A server with one terminal; what it writes is for the test to say."""

    def __init__(self) -> None:
        self.writer: asyncio.Future[OutputWriter] = asyncio.get_running_loop().create_future()
        self.ws: web.WebSocketResponse | None = None
        self.over = asyncio.Event()

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One terminal."""
        ws = self.ws = terminal_websocket(request)
        await ws.prepare(request)
        self.writer.set_result(OutputWriter(ws, request.transport, "s1"))
        await self.over.wait()
        return ws


@asynccontextmanager
async def _terminal() -> AsyncIterator[tuple[Terminal, ClientWebSocketResponse]]:
    terminal, app = Terminal(), web.Application()
    app.router.add_get("/", terminal.show)
    async with (
        TestServer(app) as server,
        ClientSession() as session,
        session.ws_connect(server.make_url("/")) as client,
    ):
        yield terminal, client
        terminal.over.set()


async def test_frames_that_are_written_and_sent_in_turn_arrive_whole_and_in_order() -> None:
    payloads = [bytes([number]) * size for number, size in enumerate((1, 100, 200, 1024, MAX_OUTPUT_PAYLOAD) * 3)]
    frames = [BinaryFrame(FrameKind.OUTPUT, "s1", seq, payload) for seq, payload in enumerate(payloads)]
    async with _terminal() as (terminal, client):
        writer = await terminal.writer
        for frame in frames:
            if frame.seq % 2:
                await writer.send(frame)
            else:
                assert writer.write(frame.encode())
        assert [await client.receive_bytes() for _ in frames] == [frame.encode() for frame in frames]


async def test_a_viewer_that_does_not_read_is_not_written_to_for_ever_and_loses_nothing_of_what_was() -> None:
    frame = BinaryFrame(FrameKind.OUTPUT, "s1", 0, bytes(MAX_OUTPUT_PAYLOAD)).encode()
    async with _terminal() as (terminal, client):
        writer = await terminal.writer
        written = 0
        while written < ENOUGH and writer.write(frame):
            written += 1
        # One read of the client's protocol and the kernel's buffers are filled; the rest waited here, and was bounded.
        assert UNWRITTEN_BYTES // len(frame) < written < ENOUGH
        for _ in range(written):
            assert await client.receive_bytes() == frame
        assert writer.write(frame)
        assert await client.receive_bytes() == frame


async def test_a_socket_that_is_closed_is_not_written_to() -> None:
    async with _terminal() as (terminal, client):
        writer = await terminal.writer
        assert terminal.ws is not None
        closing = asyncio.create_task(terminal.ws.close(code=4000))
        message = await client.receive()
        assert message.type is WSMsgType.CLOSE
        await closing
        assert not writer.write(b"\x01\x02s1" + bytes(8))

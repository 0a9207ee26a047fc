"""The device's end of the tunnel: each stream that the hub opens becomes a connection to the device's web server.

The web server listens on a Unix socket of its own for this, so that HTTP, WebSockets and event streams are carried as
the bytes they are, and so that whoever comes that way can be told from everybody else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from protocol.problems import Problem, ProblemCode
from protocol.streams.duplex import Duplex, Send, Streams
from protocol.streams.messages import StreamTarget
from protocol.streams.mux import End, StreamItem

log = logging.getLogger(__name__)

_READ_BYTES: Final = 16 * 1024
_LINGER_SECONDS: Final = 10.0
"""How long a stream may stay open that the web server has finished with."""


class Tunnel:
    """All streams of the link, whichever connection it has.

    ``allowed`` says whether the device's owner lets the hub show pages; ``prepare`` blocks, and is called once, in a
    thread, before the first request goes to the web server.
    """

    def __init__(self, socket: Path, allowed: Callable[[], bool], prepare: Callable[[], None]) -> None:
        self._socket = socket
        self._allowed = allowed
        self._prepare = prepare
        self._prepared: asyncio.Task[None] | None = None
        self._send: Send | None = None
        self._streams: Streams | None = None
        self._carriers: set[asyncio.Task[None]] = set()

    def connected(self, send: Send) -> None:
        """The link is up; ``send`` puts one item behind what waits already, and raises when the link is gone."""
        self._send = send

    def received(self, item: StreamItem) -> None:
        """The hub sent something about a stream. Does not block."""
        if self._send is None:
            return
        if self._streams is None:
            self._streams = Streams(End.DEVICE, self._send, self._accept)
        self._streams.received(item)

    def cut(self) -> None:
        """The owner lets the hub do less than before: end what its people have open."""
        if self._streams is not None:
            message = "The owner of this device has changed what the hub may do."
            self._streams.close_all(Problem(ProblemCode.FORBIDDEN, message))

    async def lost(self) -> None:
        """The link is gone, and with it everything that came through it."""
        streams, self._streams, self._send = self._streams, None, None
        if streams is not None:
            await streams.lost()
        carriers = [*self._carriers] if self._prepared is None else [*self._carriers, self._prepared]
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

    def _accept(self, target: StreamTarget, stream: Duplex) -> None:
        del target  # there is but one
        if not self._allowed():
            stream.shut(_not_allowed())
            return
        carrier = asyncio.create_task(self._carry(stream), name=f"hub stream {stream.stream_id}")
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, stream: Duplex) -> None:
        try:
            if self._prepared is None:
                self._prepared = asyncio.create_task(asyncio.to_thread(self._prepare))
            await asyncio.shield(self._prepared)
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except Exception:
            log.exception("the device's web server cannot be reached for the hub")
            stream.shut(Problem(ProblemCode.UNAVAILABLE, "The device's web server does not answer. See its log."))
            return
        try:
            await _exchange(stream, reader, writer)
        finally:
            writer.transport.abort()
            stream.shut(None)


async def _exchange(stream: Duplex, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes both ways until the server has said all, or the stream is closed."""
    inward = asyncio.create_task(_inward(stream, writer))
    outward = asyncio.create_task(_outward(stream, reader))
    closed = asyncio.create_task(stream.closed.wait())
    try:
        await asyncio.wait([outward, closed], return_when=asyncio.FIRST_COMPLETED)
        if not closed.done() and outward.exception() is None:
            await asyncio.wait([closed], timeout=_LINGER_SECONDS)
    finally:
        tasks = (inward, outward, closed)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _inward(stream: Duplex, writer: asyncio.StreamWriter) -> None:
    # The hub's end of input is not passed on: HTTP says itself where a request ends, and aiohttp takes a client that
    # closes its sending side for one that is gone (asyncio.Protocol.eof_received).
    while data := await stream.read():
        writer.write(data)
        await writer.drain()


async def _outward(stream: Duplex, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(_READ_BYTES):
        await stream.write(data)
    await stream.end()


def _not_allowed() -> Problem:
    return Problem(
        ProblemCode.FORBIDDEN,
        "The owner of this device does not let the hub show its pages. They can, in the device's own settings.",
    )

"""A stream of the tunnel as a transport of asyncio, so that aiohttp's client speaks HTTP over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import BaseConnector, ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace

from hub.ports import Stream
from protocol.problems import Problem

_HIGH: Final = 64 * 1024
"""Bytes that may wait to be written before the writer is asked to pause."""
_LOW: Final = 16 * 1024


class StreamTransport(asyncio.Transport):
    """Reads and writes one stream for one protocol, in two tasks; ``idle`` seconds without a byte end it."""

    def __init__(self, stream: Stream, protocol: asyncio.Protocol, idle: float) -> None:
        super().__init__()
        self._stream = stream
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._idle = idle
        self._out = bytearray()
        self._wake = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._paused = False
        self._closing = False
        self._lost = False
        self._moved = self._loop.time()
        self.problem: Problem | None = None
        """Why the stream broke off, once it has."""
        self._tasks = [
            self._loop.create_task(self._read(), name="device page reader"),
            self._loop.create_task(self._write(), name="device page writer"),
        ]
        self._timer = self._loop.call_later(idle, self._look)

    # asyncio.Transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Queue bytes; the protocol is asked to pause when too many wait."""
        if self._closing:
            return
        self._out += data
        self._wake.set()
        if len(self._out) > _HIGH and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        """HTTP needs none."""
        return False

    def pause_reading(self) -> None:
        """Take no more for now; the stream's window then stops the device."""
        self._reading.clear()

    def resume_reading(self) -> None:
        """Go on."""
        self._reading.set()

    def is_reading(self) -> bool:
        """Whether bytes are taken."""
        return self._reading.is_set()

    def is_closing(self) -> bool:
        """Whether it is over, or nearly."""
        return self._closing

    def close(self) -> None:
        """Write what waits, then close."""
        self._closing = True
        self._wake.set()

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        self._out.clear()
        self._wake.set()
        self._lose(None)

    def get_write_buffer_size(self) -> int:
        """Bytes that wait."""
        return len(self._out)

    # Ours

    async def finish(self) -> None:
        """Close the stream and wait for the tasks; nothing of it is left afterwards."""
        self.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stream.close()

    async def _read(self) -> None:
        try:
            while data := await self._next():
                self._moved = self._loop.time()
                if self._lost:
                    return
                self._protocol.data_received(data)
            if not self._lost:
                self._protocol.eof_received()
                self._lose(None)
        except Problem as problem:
            self._break(problem)

    async def _next(self) -> bytes:
        await self._reading.wait()
        return await self._stream.read()

    async def _write(self) -> None:
        try:
            while self._out or not self._closing:
                if not self._out:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                data = bytes(self._out)
                self._out.clear()
                await self._stream.write(data)
                self._moved = self._loop.time()
                self._resume()
            self._lose(None)
        except Problem as problem:
            self._break(problem)

    def _resume(self) -> None:
        if self._paused and len(self._out) <= _LOW and not self._lost:
            self._paused = False
            self._protocol.resume_writing()

    def _look(self) -> None:
        quiet = self._loop.time() - self._moved
        if quiet >= self._idle:
            self.abort()
        else:
            self._timer = self._loop.call_later(self._idle - quiet, self._look)

    def _break(self, problem: Problem) -> None:
        self.problem = problem
        self._closing = True
        self._lose(ConnectionResetError(problem.message))

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._timer.cancel()
            self._reading.set()
            self._loop.call_soon(self._protocol.connection_lost, error)


class StreamConnector(BaseConnector):
    """Gives aiohttp's client the one connection that ``stream`` is; for one request."""

    def __init__(self, stream: Stream, idle: float) -> None:
        super().__init__(force_close=True)
        self._stream = stream
        self._idle = idle
        self._transport: StreamTransport | None = None

    @property
    def problem(self) -> Problem | None:
        """Why the stream broke off, once it has."""
        return self._transport.problem if self._transport is not None else None

    async def finish(self) -> None:
        """Be done with the stream."""
        if self._transport is None:
            await self._stream.close()
        else:
            await self._transport.finish()

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        del req, traces, timeout
        if self._transport is not None:
            raise ConnectionResetError("one stream carries one request")
        make: Callable[[], ResponseHandler] = self._factory
        protocol = make()
        self._transport = StreamTransport(self._stream, protocol, self._idle)
        protocol.connection_made(self._transport)
        return protocol

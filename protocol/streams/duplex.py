"""Streams as coroutines read and write them: the multiplexer with somebody who sends what it has to say."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from protocol.frames import BinaryFrame
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import StreamTarget
from protocol.streams.mux import Closed, End, Ended, Opened, Received, StreamEvent, StreamItem, StreamMux

Send = Callable[[StreamItem], Awaitable[None]]
"""Sends one item over the link once there is room for it; raises when the link is gone."""
Accept = Callable[[StreamTarget, "Duplex"], None]
"""Takes a stream that the other end opened. Does not block."""


class Streams:
    """All streams of one connection of the link. Has a task only while something goes out.

    ``send`` may wait as long as the link has no room; everything else that the link carries takes turns with it.
    """

    def __init__(self, end: End, send: Send, accept: Accept | None = None) -> None:
        self._mux = StreamMux(end)
        self._send = send
        self._accept = accept
        self._open: dict[str, Duplex] = {}
        self._sender: asyncio.Task[None] | None = None
        self._gone = False

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._open)

    def open(self, target: StreamTarget = "web") -> Duplex:
        """A new stream; the hub's end only. Raises Problem TOO_MANY, or DEVICE_OFFLINE once the link is lost."""
        if self._gone:
            raise Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.")
        stream = self._made(self._mux.open(target))
        self._wake()
        return stream

    def received(self, item: StreamItem) -> None:
        """A message or frame of the other end arrived. Never blocks, never raises."""
        for event in self._mux.received(item):
            self._tell(event)
        self._wake()

    def close_all(self, problem: Problem) -> None:
        """Close every stream for a reason that both ends are told."""
        for stream in list(self._open.values()):
            stream.shut(problem)

    def cut_off(self) -> None:
        """The link is gone: everybody who reads or writes is told."""
        self._gone = True
        for event in self._mux.lost():
            self._tell(event)
        if self._sender is not None:
            self._sender.cancel()

    async def lost(self) -> None:
        """As :meth:`cut_off`, and nothing is being sent any more afterwards."""
        self.cut_off()
        if self._sender is not None:
            await asyncio.gather(self._sender, return_exceptions=True)

    def _made(self, stream_id: str) -> Duplex:
        stream = self._open[stream_id] = Duplex(stream_id, self._mux, self._wake, self._forget)
        return stream

    def _forget(self, stream_id: str) -> None:
        self._open.pop(stream_id, None)

    def _tell(self, event: StreamEvent) -> None:
        if isinstance(event, Opened):
            if self._accept is not None:
                self._accept(event.target, self._made(event.stream_id))
            return
        stream = self._open.get(event.stream_id)
        if stream is not None:
            stream.happened(event)

    def _wake(self) -> None:
        if self._gone or (self._sender is not None and not self._sender.done()):
            return
        item = self._mux.next()
        if item is not None:
            self._sender = asyncio.create_task(self._work(item), name="stream sender")

    async def _work(self, item: StreamItem | None) -> None:
        while item is not None:
            try:
                await self._send(item)
            except Exception:
                # Whoever holds the link finds out by itself and calls lost(); nothing more can be sent until then.
                self._gone = True
                return
            stream = self._open.get(item.session_id) if isinstance(item, BinaryFrame) else None
            if stream is not None:
                stream.sent()
            item = self._mux.next()


class Duplex:
    """One stream. Reads and writes from one task each."""

    def __init__(self, stream_id: str, mux: StreamMux, wake: Callable[[], None], forget: Callable[[str], None]) -> None:
        self.stream_id = stream_id
        self._mux = mux
        self._wake = wake
        self._forget = forget
        self._chunks: deque[bytes] = deque()
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._input_over = False
        self._output_over = False
        self._problem: Problem | None = None
        self.closed = asyncio.Event()
        """Set once the stream is over in both directions because one end closed it, or the link was lost."""

    async def read(self) -> bytes:
        """What came next, at most 16 KiB; ``b""`` at the end. Raises the Problem for which the stream was closed."""
        while not self._chunks:
            if self._input_over:
                if self._problem is not None:
                    raise self._problem
                return b""
            self._readable.clear()
            await self._readable.wait()
        chunk = self._chunks.popleft()
        self._mux.consumed(self.stream_id, len(chunk))
        self._wake()
        return chunk

    async def write(self, data: bytes) -> None:
        """Send bytes, once there is room for them. Raises Problem when the stream is over."""
        rest = memoryview(data)
        while rest:
            if self._output_over:
                raise self._problem or Problem(ProblemCode.UNAVAILABLE, "The stream is closed. Open another one.")
            room = self._mux.room(self.stream_id)
            if room:
                self._mux.write(self.stream_id, bytes(rest[:room]))
                rest = rest[room:]
                self._wake()
            else:
                self._writable.clear()
                await self._writable.wait()

    async def end(self) -> None:
        """Say that no more bytes follow. What comes can still be read."""
        self._output_over = True
        self._mux.end(self.stream_id)
        self._wake()
        self._leave_when_over()

    async def close(self) -> None:
        """Give the stream up at once, in both directions."""
        self.shut(None)

    def shut(self, problem: Problem | None) -> None:
        """Close, and tell the other end why. Does nothing on a stream that is over."""
        if not self.closed.is_set():
            self._mux.close(self.stream_id, problem)
            self._wake()
            self._chunks.clear()
            self._over(problem)

    def sent(self) -> None:
        """Bytes went out: there is room again."""
        self._writable.set()

    def happened(self, event: Received | Ended | Closed) -> None:
        """The other end did something."""
        match event:
            case Received(_, payload):
                self._chunks.append(payload)
                self._readable.set()
            case Ended():
                self._input_over = True
                self._readable.set()
                self._leave_when_over()
            case Closed(_, problem):
                self._over(problem)

    def _over(self, problem: Problem | None) -> None:
        self._problem = problem
        self._input_over = self._output_over = True
        self._readable.set()
        self._writable.set()
        self.closed.set()
        self._forget(self.stream_id)

    def _leave_when_over(self) -> None:
        """Both ends are through, each in its own time: nothing more can happen to this stream."""
        if self._input_over and self._output_over:
            self._forget(self.stream_id)

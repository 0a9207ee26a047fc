"""Many byte streams over one link, without I/O (docs/wire.md, Streams).

The hub opens a stream, and both ends send bytes, each as far as the other has room for them: 256 KiB at first, and more
as :meth:`StreamMux.consumed` says that bytes were taken. An end closes its own direction with :meth:`StreamMux.end`, or
the whole stream with :meth:`StreamMux.close`. Whoever breaks a rule loses the stream, never the link.

What goes out is asked for with :meth:`StreamMux.next`, one item at a time, the streams taking turns: so nothing is
queued that the socket has no room for, and no stream holds up another.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final

from protocol.frames import BinaryFrame
from protocol.problems import Problem, ProblemCode
from protocol.streams.limits import MAX_STREAMS, MAX_UNREAD
from protocol.streams.messages import (
    AnyStreamMessage,
    StreamClose,
    StreamEnd,
    StreamOpen,
    StreamTarget,
    StreamWindow,
)
from protocol.streams.streams import StreamState, violation

_MAX_URGENT: Final = 4 * MAX_STREAMS
"""Messages about streams as a whole (opened, closed) that may wait to be sent."""

StreamItem = AnyStreamMessage | BinaryFrame
"""What travels: a text message, or a binary frame of kind STREAM."""


class End(StrEnum):
    """Which end of the link this is. Only the hub opens streams."""

    HUB = "hub"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Opened:
    """The hub wants a stream."""

    stream_id: str
    target: StreamTarget


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes came; call ``consumed`` with their number as they are taken."""

    stream_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The other end sends no more; our direction goes on."""

    stream_id: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The stream is over in both directions; ``problem`` says why unless all went well."""

    stream_id: str
    problem: Problem | None


StreamEvent = Opened | Received | Ended | Closed


class StreamMux:
    """One end. Forget it with the connection: :meth:`lost` gives what is to be told to those who hold streams.

    No method raises for anything the other end sent; ValueError means that the caller is wrong. Methods that name a
    stream which is over do nothing, because its end may have come a moment before.
    """

    def __init__(self, end: End) -> None:
        self._end = end
        self._streams: dict[str, StreamState] = {}
        self._turns: deque[str] = deque()
        self._urgent: deque[AnyStreamMessage] = deque()
        self._numbers = count(1)
        self._unread = 0

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    # Ours

    def open(self, target: StreamTarget = "web") -> str:
        """Begin a stream; the hub only. Raises Problem TOO_MANY."""
        if self._end is not End.HUB:
            raise ValueError("only the hub opens streams")
        if len(self._streams) >= MAX_STREAMS or len(self._urgent) >= _MAX_URGENT:
            raise _too_many()
        stream_id = f"s{next(self._numbers)}"
        self._streams[stream_id] = StreamState()
        self._urgent.append(StreamOpen(stream_id=stream_id, target=target))
        return stream_id

    def room(self, stream_id: str) -> int:
        """How many bytes :meth:`write` takes now; 0 when the stream is over."""
        stream = self._streams.get(stream_id)
        return stream.out.room if stream else 0

    def write(self, stream_id: str, data: bytes) -> None:
        """Queue bytes to be sent, at most :meth:`room`."""
        stream = self._streams.get(stream_id)
        if stream is not None:
            stream.out.write(data)
            self._settle(stream_id, stream)

    def end(self, stream_id: str) -> None:
        """We have no more bytes."""
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.out.ending:
            stream.out.ending = True
            self._settle(stream_id, stream)

    def close(self, stream_id: str, problem: Problem | None = None) -> None:
        """Give the stream up, whatever is still on its way."""
        if self._forget(stream_id):
            self._urgent.append(_close(stream_id, problem))

    def consumed(self, stream_id: str, count: int) -> None:
        """``count`` bytes of what came were taken; makes room for more."""
        stream = self._streams.get(stream_id)
        if stream is not None:
            stream.into.consume(count)
            self._unread -= count
            self._settle(stream_id, stream)

    def next(self) -> StreamItem | None:
        """What is to be sent next; None when nothing can be."""
        if self._urgent:
            return self._urgent.popleft()
        while self._turns:
            stream_id = self._turns.popleft()
            stream = self._streams.get(stream_id)
            if stream is None:
                continue
            stream.queued = False
            if stream.ready:
                item = stream.next(stream_id)
                self._settle(stream_id, stream)
                return item
        return None

    # Theirs

    def received(self, item: StreamItem) -> list[StreamEvent]:
        """A message or frame of the other end arrived."""
        if isinstance(item, StreamOpen):
            return self._opened(item)
        stream_id = item.session_id if isinstance(item, BinaryFrame) else item.stream_id
        stream = self._streams.get(stream_id)
        if stream is None:
            return []  # over: its last messages met our close on the way
        if isinstance(item, StreamClose):
            return self._closed(item)
        try:
            return self._take(stream_id, stream, item)
        except Problem as problem:
            self.close(stream_id, problem)
            return [Closed(stream_id, problem)]

    def lost(self) -> list[StreamEvent]:
        """The link is gone, and all streams with it."""
        problem = Problem(ProblemCode.DEVICE_OFFLINE, "The link was lost. Try again when the device is back.")
        gone = [Closed(stream_id, problem) for stream_id in self._streams]
        self._streams.clear()
        self._turns.clear()
        self._urgent.clear()
        self._unread = 0
        return [*gone]

    def _opened(self, item: StreamOpen) -> list[StreamEvent]:
        stream_id = item.stream_id
        if len(self._urgent) >= _MAX_URGENT:
            return []  # a peer that opens and never reads our answers
        if stream_id in self._streams:
            problem = violation("it was opened twice")
            self.close(stream_id, problem)
            return [Closed(stream_id, problem)]
        if self._end is End.HUB or len(self._streams) >= MAX_STREAMS:
            self._urgent.append(_close(stream_id, _not_yours() if self._end is End.HUB else _too_many()))
            return []
        self._streams[stream_id] = StreamState()
        return [Opened(stream_id, item.target)]

    def _closed(self, item: StreamClose) -> list[StreamEvent]:
        self._forget(item.stream_id)
        problem = None
        if item.code is not None or item.error is not None:
            problem = Problem(item.code or ProblemCode.UNAVAILABLE, item.error or "The other end closed the stream.")
        return [Closed(item.stream_id, problem)]

    def _take(
        self, stream_id: str, stream: StreamState, item: BinaryFrame | StreamWindow | StreamEnd
    ) -> list[StreamEvent]:
        if isinstance(item, StreamWindow):
            stream.out.allow(item.bytes)
            self._settle(stream_id, stream)
            return []
        if isinstance(item, StreamEnd):
            stream.into.end()
            self._settle(stream_id, stream)
            return [Ended(stream_id)]
        stream.into.take_in(item.seq, item.payload)
        self._unread += len(item.payload)
        if self._unread > MAX_UNREAD:
            raise Problem(ProblemCode.TOO_MANY, "Too much lies unread on this link. Close what nobody reads.")
        return [Received(stream_id, item.payload)]

    # Inside

    def _settle(self, stream_id: str, stream: StreamState) -> None:
        """Something changed: the stream is over, or waits for its turn where it has something to say."""
        if stream.over:
            self._forget(stream_id)
        elif stream.ready and not stream.queued:
            stream.queued = True
            self._turns.append(stream_id)

    def _forget(self, stream_id: str) -> bool:
        stream = self._streams.pop(stream_id, None)
        if stream is None:
            return False
        self._unread -= stream.into.unread
        return True


def _close(stream_id: str, problem: Problem | None) -> StreamClose:
    if problem is None:
        return StreamClose(stream_id=stream_id)
    return StreamClose(stream_id=stream_id, code=problem.code, error=problem.message)


def _too_many() -> Problem:
    return Problem(ProblemCode.TOO_MANY, f"{MAX_STREAMS} streams are open on this link. Close some.")


def _not_yours() -> Problem:
    return Problem(ProblemCode.FORBIDDEN, "A device opens no streams. Wait for the hub's.")

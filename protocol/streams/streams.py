"""One stream as one end of the link knows it: how much it may send, how much it may still get, which ends are over."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from protocol.frames import BinaryFrame, FrameKind
from protocol.limits import MAX_OUTPUT_PAYLOAD
from protocol.problems import Problem, ProblemCode
from protocol.streams.limits import SEND_BYTES, STREAM_WINDOW, WINDOW_STEP
from protocol.streams.messages import StreamEnd, StreamWindow


@dataclass(slots=True)
class Sending:
    """The direction away from us."""

    waiting: deque[bytes] = field(default_factory=deque)
    queued_bytes: int = 0
    """Bytes that wait here for their turn."""
    credit: int = STREAM_WINDOW
    """Bytes that the other end has room for."""
    seq: int = 0
    ending: bool = False
    """No more will be written; the end goes out behind what waits."""
    ended: bool = False
    """The end is out."""

    @property
    def room(self) -> int:
        """Bytes that may be written now."""
        return 0 if self.ending else max(0, SEND_BYTES - self.queued_bytes)

    @property
    def ready(self) -> bool:
        """Whether something can go out."""
        return not self.ended and (self.credit > 0 if self.waiting else self.ending)

    def write(self, data: bytes) -> None:
        """Queue bytes. ValueError beyond :attr:`room`."""
        if len(data) > self.room:
            raise ValueError("more is written than there is room for")
        if data:
            self.waiting.append(data)
            self.queued_bytes += len(data)

    def next(self, stream_id: str) -> BinaryFrame | StreamEnd:
        """What goes out; only when :attr:`ready`."""
        if not self.waiting:
            self.ended = True
            return StreamEnd(stream_id=stream_id)
        piece = self.waiting.popleft()
        most = min(self.credit, MAX_OUTPUT_PAYLOAD)
        if len(piece) > most:
            self.waiting.appendleft(piece[most:])
            piece = piece[:most]
        frame = BinaryFrame(FrameKind.STREAM, stream_id, self.seq, piece)
        self.seq += 1
        self.credit -= len(piece)
        self.queued_bytes -= len(piece)
        return frame

    def allow(self, count: int) -> None:
        """The other end made room. Raises Problem: room for more than it ever had."""
        self.credit += count
        if self.credit > STREAM_WINDOW:
            raise violation("it gives more room than a stream has")


@dataclass(slots=True)
class Receiving:
    """The direction towards us."""

    credit: int = STREAM_WINDOW
    """Bytes that the other end may still send."""
    unread: int = 0
    """Bytes that came and were not taken yet."""
    taken: int = 0
    """Bytes that were taken and that the other end was not told of yet."""
    seq: int = 0
    ended: bool = False

    def take_in(self, seq: int, payload: bytes) -> None:
        """Bytes came. Raises Problem when they break a rule."""
        if self.ended:
            raise violation("bytes came behind its end")
        if seq != self.seq:
            raise violation("its frames are not in order")
        if not payload:
            raise violation("a frame holds nothing")
        if len(payload) > self.credit:
            raise violation("more came than there was room for")
        self.seq += 1
        self.credit -= len(payload)
        self.unread += len(payload)

    def end(self) -> None:
        """The other end has no more. Raises Problem when it said so before."""
        if self.ended:
            raise violation("it was ended twice")
        self.ended = True

    def consume(self, count: int) -> None:
        """``count`` bytes were taken. ValueError when fewer came."""
        if not 0 <= count <= self.unread:
            raise ValueError("more is taken than came")
        self.unread -= count
        self.taken += count

    @property
    def ready(self) -> bool:
        """Whether so much was taken that the other end should be told."""
        return not self.ended and self.taken >= WINDOW_STEP

    def next(self, stream_id: str) -> StreamWindow:
        """What tells it. The room counts from now on, so that a peer that does not listen gets none."""
        grown, self.taken = self.taken, 0
        self.credit += grown
        return StreamWindow(stream_id=stream_id, bytes=grown)


@dataclass(slots=True)
class StreamState:
    """Both directions of one stream."""

    out: Sending = field(default_factory=Sending)
    into: Receiving = field(default_factory=Receiving)
    queued: bool = False
    """Whether it waits for its turn."""

    @property
    def ready(self) -> bool:
        """Whether something can go out."""
        return self.into.ready or self.out.ready

    def next(self, stream_id: str) -> BinaryFrame | StreamEnd | StreamWindow:
        """What goes out; only when :attr:`ready`."""
        return self.into.next(stream_id) if self.into.ready else self.out.next(stream_id)

    @property
    def over(self) -> bool:
        """Whether both ends are through, and all that came is taken."""
        return self.out.ended and self.into.ended and not self.into.unread


def violation(why: str) -> Problem:
    """The other end does not keep to the rules; the stream is closed for it."""
    return Problem(ProblemCode.MALFORMED_FRAME, f"The stream was closed because {why}. Open another one.")

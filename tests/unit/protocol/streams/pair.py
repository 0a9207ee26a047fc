"""Two ends of the multiplexer with a wire between them, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import ProblemCode
from protocol.streams.mux import Closed, End, Ended, Opened, Received, StreamItem, StreamMux


@dataclass
class Side:
    """One end, and what it heard."""

    mux: StreamMux
    got: dict[str, bytearray] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    closed: dict[str, ProblemCode | None] = field(default_factory=dict)

    def hear(self, item: StreamItem) -> None:
        for event in self.mux.received(item):
            match event:
                case Opened(stream_id, _):
                    self.got[stream_id] = bytearray()
                case Received(stream_id, payload):
                    assert stream_id not in self.ended
                    self.got[stream_id] += payload
                    self.unread[stream_id] = self.unread.get(stream_id, 0) + len(payload)
                case Ended(stream_id):
                    self.ended.add(stream_id)
                case Closed(stream_id, problem):
                    self.closed[stream_id] = problem.code if problem else None


class Pair:
    """A hub's end and a device's end with a wire between them."""

    def __init__(self) -> None:
        self.hub = Side(StreamMux(End.HUB))
        self.device = Side(StreamMux(End.DEVICE))

    def open(self) -> str:
        stream_id = self.hub.mux.open()
        self.hub.got[stream_id] = bytearray()
        return stream_id

    def other(self, side: Side) -> Side:
        return self.device if side is self.hub else self.hub

    def step(self, side: Side) -> StreamItem | None:
        item = side.mux.next()
        if item is not None:
            self.other(side).hear(item)
        return item

    def settle(self) -> None:
        while self.step(self.hub) is not None or self.step(self.device) is not None:
            pass


def frame(stream_id: str, seq: int, payload: bytes) -> BinaryFrame:
    return BinaryFrame(FrameKind.STREAM, stream_id, seq, payload)

"""Both ends of the multiplexer, driven against each other in memory and against ends that break the rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import BinaryFrame
from protocol.limits import MAX_OUTPUT_PAYLOAD
from protocol.problems import ProblemCode
from protocol.streams.limits import MAX_STREAMS, MAX_UNREAD, SEND_BYTES, STREAM_WINDOW, WINDOW_STEP
from protocol.streams.messages import StreamClose, StreamEnd, StreamOpen, StreamWindow
from protocol.streams.mux import End, StreamItem, StreamMux
from tests.unit.protocol.streams.pair import Pair, Side, frame


def test_a_request_and_its_answer() -> None:
    pair = Pair()
    one = pair.open()
    pair.hub.mux.write(one, b"ping")
    pair.settle()
    pair.device.mux.write(one, b"pong")
    pair.device.mux.end(one)
    pair.settle()
    assert (bytes(pair.device.got[one]), bytes(pair.hub.got[one])) == (b"ping", b"pong")
    assert (pair.hub.ended, pair.device.ended) == ({one}, set())
    pair.hub.mux.end(one)
    for side in (pair.hub, pair.device):
        side.mux.consumed(one, 4)
    pair.settle()
    assert (len(pair.hub.mux), len(pair.device.mux)) == (0, 0)


def test_a_sender_stops_at_the_window_until_bytes_are_taken() -> None:
    pair = Pair()
    one = pair.open()
    pair.settle()
    sent = 0
    while room := pair.device.mux.room(one):
        pair.device.mux.write(one, bytes(room))
        sent += room
        pair.settle()
    assert sent == STREAM_WINDOW + SEND_BYTES
    assert len(pair.hub.got[one]) == STREAM_WINDOW
    pair.hub.mux.consumed(one, WINDOW_STEP - 1)
    pair.settle()
    assert len(pair.hub.got[one]) == STREAM_WINDOW, "the other end was told of every byte"
    pair.hub.mux.consumed(one, 1)
    pair.settle()
    assert len(pair.hub.got[one]) == STREAM_WINDOW + WINDOW_STEP


def test_streams_take_turns() -> None:
    pair = Pair()
    ids = [pair.open() for _ in range(3)]
    pair.settle()
    for stream_id in ids:
        pair.device.mux.write(stream_id, bytes(3 * MAX_OUTPUT_PAYLOAD))
    order = [item.session_id for item in iter(pair.device.mux.next, None) if isinstance(item, BinaryFrame)]
    assert order == ids * 3


def test_a_close_drops_what_waits_and_what_is_on_its_way() -> None:
    pair = Pair()
    one = pair.open()
    pair.settle()
    pair.device.mux.write(one, bytes(SEND_BYTES))
    late = pair.device.mux.next()
    assert late is not None
    pair.hub.mux.close(one)
    pair.settle()
    pair.hub.hear(late)
    assert pair.device.closed == {one: None}
    assert (len(pair.hub.got[one]), len(pair.hub.mux), len(pair.device.mux)) == (0, 0, 0)


def test_no_more_streams_than_a_link_may_have() -> None:
    pair = Pair()
    ids = [pair.open() for _ in range(MAX_STREAMS)]
    with pytest.raises(Exception, match="streams are open") as caught:
        pair.open()
    assert getattr(caught.value, "code", None) is ProblemCode.TOO_MANY
    pair.settle()
    pair.device.hear(StreamOpen(stream_id="greedy", target="web"))
    refusal = pair.device.mux.next()
    assert isinstance(refusal, StreamClose)
    assert (refusal.stream_id, refusal.code) == ("greedy", ProblemCode.TOO_MANY)
    pair.hub.mux.close(ids[0])
    pair.settle()
    pair.open()
    pair.settle()
    assert len(pair.device.mux) == MAX_STREAMS


def test_a_device_opens_nothing() -> None:
    hub = StreamMux(End.HUB)
    assert hub.received(StreamOpen(stream_id="mine", target="web")) == []
    refusal = hub.next()
    assert isinstance(refusal, StreamClose)
    assert refusal.code is ProblemCode.FORBIDDEN
    with pytest.raises(ValueError, match="only the hub"):
        StreamMux(End.DEVICE).open()


_FULL: list[StreamItem] = [
    frame("a", number, bytes(MAX_OUTPUT_PAYLOAD)) for number in range(STREAM_WINDOW // MAX_OUTPUT_PAYLOAD)
]
_VIOLATIONS: dict[str, list[StreamItem]] = {
    "out of order": [frame("a", 1, b"x")],
    "twice": [frame("a", 0, b"x"), frame("a", 0, b"x")],
    "empty": [frame("a", 0, b"")],
    "behind the end": [StreamEnd(stream_id="a"), frame("a", 0, b"x")],
    "ended twice": [StreamEnd(stream_id="a"), StreamEnd(stream_id="a")],
    "opened twice": [StreamOpen(stream_id="a", target="web")],
    "too much room": [StreamWindow(stream_id="a", bytes=1)],
    "over the window": [*_FULL, frame("a", len(_FULL), b"x")],
}


@pytest.mark.parametrize("items", _VIOLATIONS.values(), ids=_VIOLATIONS.keys())
def test_who_breaks_a_rule_loses_the_stream_and_no_other(items: list[StreamItem]) -> None:
    device = Side(StreamMux(End.DEVICE))
    for stream_id in ("a", "b"):
        device.hear(StreamOpen(stream_id=stream_id, target="web"))
    for item in items:
        device.hear(item)
    assert device.closed == {"a": ProblemCode.MALFORMED_FRAME}
    told = device.mux.next()
    assert isinstance(told, StreamClose)
    assert (told.stream_id, told.code) == ("a", ProblemCode.MALFORMED_FRAME)
    device.hear(frame("b", 0, b"fine"))
    assert device.got["b"] == b"fine"


def test_what_lies_unread_is_bounded_over_all_streams() -> None:
    device = Side(StreamMux(End.DEVICE))
    frames = STREAM_WINDOW // MAX_OUTPUT_PAYLOAD
    for number in range(MAX_STREAMS):
        stream_id = f"s{number}"
        device.hear(StreamOpen(stream_id=stream_id, target="web"))
        for seq in range(frames):
            device.hear(frame(stream_id, seq, bytes(MAX_OUTPUT_PAYLOAD)))
    assert set(device.closed.values()) == {ProblemCode.TOO_MANY}
    held = sum(len(device.got[stream_id]) for stream_id in device.got if stream_id not in device.closed)
    assert 0 < held <= MAX_UNREAD


def test_a_peer_that_opens_and_never_reads_costs_no_memory() -> None:
    device = StreamMux(End.DEVICE)
    for number in range(100_000):
        device.received(StreamOpen(stream_id=f"s{number}", target="web"))
    assert sum(1 for _ in iter(device.next, None)) < 5 * MAX_STREAMS


def test_a_lost_link_ends_everything() -> None:
    pair = Pair()
    ids = {pair.open(), pair.open()}
    gone = pair.hub.mux.lost()
    assert {event.stream_id for event in gone} == ids
    assert (len(pair.hub.mux), pair.hub.mux.next()) == (0, None)
    pair.hub.mux.write(ids.pop(), b"too late")
    assert pair.hub.mux.next() is None


_SIZE = st.one_of(st.integers(0, 64), st.integers(0, 3 * MAX_OUTPUT_PAYLOAD))
_STEP = st.one_of(
    st.tuples(st.just("open")),
    st.tuples(st.just("write"), st.booleans(), st.integers(0, 5), _SIZE),
    st.tuples(st.just("take"), st.booleans(), st.integers(0, 5), _SIZE),
    st.tuples(st.just("end"), st.booleans(), st.integers(0, 5)),
    st.tuples(st.just("send"), st.booleans(), st.integers(1, 8)),
)


class Play(Pair):
    """A pair that is taken through steps, and what was written and ended meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wrote: dict[tuple[bool, str], bytearray] = {}
        self.over: set[tuple[bool, str]] = set()

    def side(self, is_hub: bool) -> Side:
        return self.hub if is_hub else self.device

    def write(self, by_hub: bool, stream_id: str, size: int) -> None:
        mux = self.side(by_hub).mux
        data = bytes((len(self.wrote) + n) % 251 for n in range(min(size, mux.room(stream_id))))
        mux.write(stream_id, data)
        self.wrote.setdefault((by_hub, stream_id), bytearray()).extend(data)

    def take(self, by_hub: bool, stream_id: str, size: int) -> int:
        side = self.side(by_hub)
        count = min(size, side.unread.get(stream_id, 0))
        side.mux.consumed(stream_id, count)
        side.unread[stream_id] = side.unread.get(stream_id, 0) - count
        return count

    def end(self, by_hub: bool, stream_id: str) -> None:
        if stream_id in self.device.got:
            self.side(by_hub).mux.end(stream_id)
            self.over.add((by_hub, stream_id))

    def finish(self) -> None:
        self.settle()
        while any(self.take(by_hub, one, STREAM_WINDOW) for by_hub in (True, False) for one in self.ids):
            self.settle()

    def act(self, step: tuple[object, ...]) -> None:
        match step:
            case ("open",):
                self.ids.append(self.open())
            case ("send", bool(by_hub), int(times)):
                for _ in range(times):
                    self.step(self.side(by_hub))
            case ("write", bool(by_hub), int(which), int(size)) if self.ids:
                self.write(by_hub, self.ids[which % len(self.ids)], size)
            case ("take", bool(by_hub), int(which), int(size)) if self.ids:
                self.take(by_hub, self.ids[which % len(self.ids)], size)
            case ("end", bool(by_hub), int(which)) if self.ids:
                self.end(by_hub, self.ids[which % len(self.ids)])


@given(st.lists(_STEP, max_size=60))
def test_every_byte_arrives_once_and_in_order_whatever_the_pace(steps: list[tuple[object, ...]]) -> None:
    """No close happens here, so nothing may be lost, and nobody may be accused of breaking a rule."""
    play = Play()
    for step in steps:
        play.act(step)
    play.finish()
    assert (play.hub.closed, play.device.closed) == ({}, {})
    for (by_hub, stream_id), data in play.wrote.items():
        assert play.side(not by_hub).got[stream_id] == data
    for by_hub, stream_id in play.over:
        assert stream_id in play.side(not by_hub).ended


_ID = st.sampled_from(["s1", "s2", "s3"])
_NOISE = st.one_of(
    st.builds(StreamOpen, stream_id=_ID, target=st.just("web")),
    st.builds(StreamWindow, stream_id=_ID, bytes=st.integers(0, 2**53 - 1)),
    st.builds(StreamEnd, stream_id=_ID),
    st.builds(StreamClose, stream_id=_ID, code=st.sampled_from([None, *ProblemCode])),
    st.builds(frame, _ID, st.integers(0, 5), st.binary(max_size=100)),
)


@given(st.sampled_from(End), st.lists(_NOISE, max_size=60))
def test_no_nonsense_of_the_other_end_raises_or_grows(end: End, items: list[StreamItem]) -> None:
    mux = StreamMux(end)
    if end is End.HUB:
        mux.open()
    for item in items:
        mux.received(item)
        for _ in range(2):
            mux.next()
    assert len(mux) <= 3

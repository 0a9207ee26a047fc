from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.programs.wire import LENGTH, MAX_DESCRIPTORS, MAX_FRAME, Decoder, Malformed, Message, Received, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=30),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)
KEYS = st.text(max_size=8).filter(lambda key: key != "descriptors")
MESSAGES = st.lists(st.tuples(st.dictionaries(KEYS, VALUES, max_size=5), st.integers(0, 3)), max_size=6)


def fed(stream: list[tuple[bytes, list[int]]]) -> list[Received]:
    decoder = Decoder()
    found = [message for data, descriptors in stream for message in decoder.feed(data, descriptors)]
    assert decoder.abandon() == []
    return found


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 40), max_size=30))
def test_messages_arrive_with_their_own_descriptors_however_they_are_cut(
    messages: list[tuple[Message, int]], cuts: list[int]
) -> None:
    """The kernel hands descriptors over with the first byte they were sent with, and never reads past the next ones."""
    wanted: list[Received] = []
    stream: list[tuple[bytes, list[int]]] = []
    left = iter(cuts)
    for message, count in messages:
        own = [1000 * len(wanted) + place for place in range(count)]
        wanted.append((message, own))
        frame, coming = encode(message, count), own
        while frame:
            size = next(left, len(frame))
            stream.append((frame[:size], coming))
            frame, coming = frame[size:], []
    assert fed(stream) == wanted


@given(st.binary(max_size=200), st.integers(0, 3))
def test_garbage_is_malformed_or_waits_and_loses_no_descriptor(data: bytes, count: int) -> None:
    decoder = Decoder()
    descriptors = list(range(count))
    try:
        messages = decoder.feed(data, descriptors)
    except Malformed:
        messages = []
    assert sorted([*decoder.abandon(), *(number for _, own in messages for number in own)]) == descriptors


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"1", b"{", b"\xff", b'{"descriptors":1}', b'{"descriptors":-1}', b'{"descriptors":true}',
        b'{"descriptors":"1"}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        Decoder().feed(LENGTH.pack(len(body)) + body)


def test_a_long_frame_is_refused_before_it_has_come() -> None:
    with pytest.raises(Malformed):
        Decoder().feed(LENGTH.pack(MAX_FRAME + 1))
    with pytest.raises(Malformed):
        encode({"text": "x" * MAX_FRAME})
    longest = {"text": "x" * (MAX_FRAME - len(json.dumps({"text": "", "descriptors": 0}, separators=(",", ":"))))}
    assert Decoder().feed(encode(longest)) == [(longest, [])]


def test_descriptors_that_nobody_claims_do_not_pile_up() -> None:
    decoder = Decoder()
    with pytest.raises(Malformed):
        decoder.feed(b"", range(MAX_DESCRIPTORS + 1))
    assert decoder.abandon() == list(range(MAX_DESCRIPTORS + 1))


def test_descriptors_of_messages_before_a_bad_one_are_not_lost() -> None:
    decoder = Decoder()
    with pytest.raises(Malformed):
        decoder.feed(encode({"a": 1}, 2) + LENGTH.pack(2) + b"[]", [7, 8])
    assert decoder.abandon() == [7, 8]

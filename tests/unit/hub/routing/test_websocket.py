"""The server's end of RFC 6455, on whatever bytes come."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as Theirs

from foundation.websocket import Opcode, head
from hub.routing.websocket import Broken, Inbox, Message, close_payload
from protocol.limits import MAX_FRAME_BYTES, MAX_SOCKET_BYTES


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A client's frame, made by another implementation."""
    return Frame(Theirs(opcode), payload, fin).serialize(mask=True)


WHOLE = st.tuples(st.sampled_from([Opcode.TEXT, Opcode.BINARY]), st.binary(max_size=70_000))
CONTROL = st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG, Opcode.CLOSE]), st.binary(max_size=125))


@given(st.lists(WHOLE | CONTROL, max_size=6), st.lists(st.integers(1, 5000), max_size=40))
def test_reads_what_another_implementation_wrote_however_it_is_cut(
    messages: list[tuple[Opcode, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(masked(opcode, payload) for opcode, payload in messages)
    inbox = Inbox()
    found: list[Message] = []
    for cut in cuts:
        found += inbox.feed(stream[:cut])
        stream = stream[cut:]
    found += inbox.feed(stream)
    assert found == [(int(opcode), payload) for opcode, payload in messages]


def test_reads_byte_by_byte() -> None:
    stream = masked(Opcode.BINARY, b"x" * 300) + masked(Opcode.PING, b"") + masked(Opcode.TEXT, b"y" * 70_000)
    inbox = Inbox()
    found = [message for number in range(len(stream)) for message in inbox.feed(stream[number : number + 1])]
    assert found == [(2, b"x" * 300), (9, b""), (1, b"y" * 70_000)]


def test_puts_fragments_together_with_control_frames_between() -> None:
    parts = [
        masked(Opcode.TEXT, b"one ", fin=False),
        masked(Opcode.PING, b"!"),
        masked(Opcode.CONTINUATION, b"two ", fin=False),
        masked(Opcode.CONTINUATION, b"three"),
        masked(Opcode.BINARY, b"next"),
    ]
    assert Inbox().feed(b"".join(parts)) == [(9, b"!"), (1, b"one two three"), (2, b"next")]


PROTOCOL_ERRORS = {
    "no mask": b"\x82\x01x",
    "reserved bit": b"\xc2\x80\0\0\0\0",
    "unknown opcode": b"\x83\x80\0\0\0\0",
    "fragmented ping": b"\x09\x80\0\0\0\0",
    "long ping": b"\x89\xfe\x01\x00\0\0\0\0",
    "continuation of nothing": masked(Opcode.CONTINUATION, b"x"),
    "message within a message": masked(Opcode.TEXT, b"x", fin=False) + masked(Opcode.TEXT, b"y"),
    "fragment within a message": masked(Opcode.TEXT, b"x", fin=False) + masked(Opcode.TEXT, b"y", fin=False),
}


@pytest.mark.parametrize("stream", PROTOCOL_ERRORS.values(), ids=PROTOCOL_ERRORS)
def test_refuses_what_the_rfc_forbids(stream: bytes) -> None:
    with pytest.raises(Broken) as raised:
        Inbox().feed(stream)
    assert raised.value.code == 1002


TOO_LARGE = {
    "binary": masked(Opcode.BINARY, bytes(2 * MAX_FRAME_BYTES + 1))[:14],
    "text": masked(Opcode.TEXT, bytes(MAX_SOCKET_BYTES + 1))[:14],
    "2^63": b"\x82\xff" + (2**63).to_bytes(8, "big") + bytes(4),
    "2^64-1": b"\x81\xff" + b"\xff" * 8 + bytes(4),
    "together": masked(Opcode.TEXT, bytes(MAX_SOCKET_BYTES), fin=False) + masked(Opcode.CONTINUATION, b"x"),
    "pieces": b"".join(masked(Opcode.TEXT if n == 0 else Opcode.CONTINUATION, b"", fin=False) for n in range(1026)),
}


@pytest.mark.parametrize("stream", TOO_LARGE.values(), ids=TOO_LARGE)
def test_refuses_what_is_too_large_by_its_head_alone(stream: bytes) -> None:
    with pytest.raises(Broken) as raised:
        Inbox().feed(stream)
    assert raised.value.code == 1009


@given(st.binary(max_size=4096))
def test_garbage_gives_messages_or_broken_and_nothing_else(garbage: bytes) -> None:
    inbox, codes = Inbox(), set()
    with suppress(Broken):
        for number in range(0, len(garbage), 7):
            codes |= {opcode for opcode, _payload in inbox.feed(garbage[number : number + 7])}
    assert codes <= {1, 2, 8, 9, 10}


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 1_000_000])
def test_writes_what_another_implementation_would(size: int) -> None:
    payload = os.urandom(size)
    assert head(Opcode.BINARY, size) + payload == Frame(Theirs.BINARY, payload).serialize(mask=False)


def test_a_long_reason_is_cut_between_characters() -> None:
    payload = close_payload(4409, "ä" * 200)
    assert payload[:2] == (4409).to_bytes(2, "big")
    assert payload[2:].decode() == "ä" * 61

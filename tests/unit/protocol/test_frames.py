"""Binary frames, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import Problem, ProblemCode

SESSION_IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
FRAMES = st.builds(
    BinaryFrame, st.sampled_from(FrameKind), SESSION_IDS, st.integers(0, 2**64 - 1), st.binary(max_size=2000)
)


def _code(data: bytes) -> ProblemCode:
    with pytest.raises(Problem) as caught:
        BinaryFrame.decode(data)
    return caught.value.code


def _outcome(data: bytes) -> BinaryFrame | Problem:
    try:
        return BinaryFrame.decode(data)
    except Problem as problem:
        return problem


def test_the_layout_is_the_documented_one() -> None:
    frame = BinaryFrame(FrameKind.OUTPUT, "ab", 258, b"hi")
    assert frame.encode() == b"\x01\x02ab\x00\x00\x00\x00\x00\x00\x01\x02hi"
    assert BinaryFrame.decode(b"\x02\x01x" + b"\xff" * 8) == BinaryFrame(FrameKind.INPUT, "x", 2**64 - 1, b"")


@given(FRAMES)
def test_a_frame_survives_the_wire(frame: BinaryFrame) -> None:
    assert BinaryFrame.decode(frame.encode()) == frame


@given(FRAMES, st.data())
def test_a_cut_or_garbled_frame_is_read_or_a_problem(frame: BinaryFrame, data: st.DataObject) -> None:
    wire = bytearray(frame.encode())
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] = data.draw(st.integers(0, 255))
    cut = bytes(wire[: data.draw(st.integers(0, len(wire)))])
    read = _outcome(cut)
    if isinstance(read, Problem):
        assert read.code in (ProblemCode.MALFORMED_FRAME, ProblemCode.TOO_LARGE)
    else:
        assert read.encode() == cut


@given(st.binary(max_size=400))
def test_garbage_is_a_frame_or_a_problem(garbage: bytes) -> None:
    read = _outcome(garbage)
    if isinstance(read, Problem):
        assert read.code is ProblemCode.MALFORMED_FRAME
    else:
        assert read.encode() == garbage


def test_what_is_no_frame_is_malformed() -> None:
    head = b"\x01\x01x" + bytes(8)
    for data in (b"", b"\x01", head[:-1], b"\x00\x01x" + bytes(8), b"\x04\x01x" + bytes(8), b"\x01\x00" + bytes(8)):
        assert _code(data) is ProblemCode.MALFORMED_FRAME
    for name in (b"\xff", b"/", b"\n", "ñ".encode(), b"x\n", b"a" * 65):
        assert _code(bytes((1, len(name))) + name + bytes(8)) is ProblemCode.MALFORMED_FRAME


def test_output_holds_at_most_16_kib() -> None:
    fits = BinaryFrame(FrameKind.OUTPUT, "s", 0, bytes(16 * 1024))
    assert BinaryFrame.decode(fits.encode()) == fits
    with pytest.raises(Problem, match="may hold 16384"):
        BinaryFrame(FrameKind.OUTPUT, "s", 0, bytes(16 * 1024 + 1)).encode()
    assert _code(fits.encode() + b"x") is ProblemCode.TOO_LARGE


def test_a_hub_reads_at_most_64_kib_and_a_device_a_whole_paste() -> None:
    head = len(BinaryFrame(FrameKind.INPUT, "s", 0, b"").encode())
    fits = BinaryFrame(FrameKind.INPUT, "s", 0, bytes(64 * 1024 - head)).encode()
    assert BinaryFrame.decode(fits).payload == bytes(64 * 1024 - head)
    assert _code(fits + b"x") is ProblemCode.TOO_LARGE
    paste = BinaryFrame(FrameKind.INPUT, "s", 0, bytes(1024 * 1024))
    assert BinaryFrame.decode(paste.encode(), max_bytes=2 * 1024 * 1024) == paste


def test_what_cannot_be_written_is_refused() -> None:
    for frame in (
        BinaryFrame(FrameKind.INPUT, "", 0, b""),
        BinaryFrame(FrameKind.INPUT, "ñ", 0, b""),
        BinaryFrame(FrameKind.INPUT, "s", -1, b""),
        BinaryFrame(FrameKind.INPUT, "s", 2**64, b""),
    ):
        with pytest.raises(Problem) as caught:
            frame.encode()
        assert caught.value.code is ProblemCode.MALFORMED_FRAME

"""Sealed streams: any length, and nothing left out, moved or cut off."""

from __future__ import annotations

import io

import pytest

from appliance.care.sealed import PIECE, OpeningReader, SealingWriter
from protocol.problems import Problem

PASSPHRASE = "correct horse battery"
HEADER, SEALED = 32, PIECE + 16


def sealed_of(data: bytes) -> bytes:
    out = io.BytesIO()
    sealed = SealingWriter(out, PASSPHRASE, cost=10)
    for at in range(0, len(data), 1000):
        sealed.write(data[at : at + 1000])
    sealed.close()
    return out.getvalue()


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 300_000])
def test_what_goes_in_comes_out(length: int) -> None:
    data = bytes(at % 251 for at in range(length))
    assert OpeningReader(io.BytesIO(sealed_of(data)), PASSPHRASE).read() == data


def test_pieces_cannot_be_moved_left_out_or_cut_off() -> None:
    whole = sealed_of(bytes(4 * PIECE))
    header, pieces = whole[:HEADER], [whole[at : at + SEALED] for at in range(HEADER, len(whole), SEALED)]
    assert len(pieces) == 4
    one, two, three, four = pieces
    for bad in ([two, one, three, four], [one, three, four], [one, two, three], [one, two, two, three, four]):
        with pytest.raises(Problem):
            OpeningReader(io.BytesIO(header + b"".join(bad)), PASSPHRASE).read()


def test_an_abandoned_stream_is_no_whole() -> None:
    out = io.BytesIO()
    sealed = SealingWriter(out, PASSPHRASE, cost=10)
    sealed.write(bytes(3 * PIECE))
    sealed.abandon()
    with pytest.raises(Problem, match="cut short"):
        OpeningReader(io.BytesIO(out.getvalue()), PASSPHRASE).read()


def test_a_header_cannot_ask_for_all_memory() -> None:
    whole = bytearray(sealed_of(b"data"))
    whole[24] = 40
    with pytest.raises(Problem, match="damaged"):
        OpeningReader(io.BytesIO(bytes(whole)), PASSPHRASE)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(Problem, match="at least 8"):
        SealingWriter(io.BytesIO(), "short")

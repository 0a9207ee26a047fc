from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from hub.nodes.refusals import gone
from hub.nodes.relay.channel import Channel
from hub.nodes.relay.pieces import MAX_PIECE, Kind, Piece, credit
from protocol.problems import Problem, ProblemCode

WINDOW = 64 * 1024


class Wire:
    """Two channels joined; what one sends the other gets when the test delivers it."""

    def __init__(self) -> None:
        self.forgotten: list[Channel] = []
        self.under_way: list[tuple[Channel, Piece]] = []
        self.one = Channel("c", WINDOW, self._send_to(lambda: self.other), self.forgotten.append)
        self.other = Channel("c", WINDOW, self._send_to(lambda: self.one), self.forgotten.append)

    def _send_to(self, target: Callable[[], Channel]) -> Callable[[Channel, Kind, int, bytes], Awaitable[None]]:
        async def send(_channel: Channel, kind: Kind, number: int, rest: bytes) -> None:
            self.under_way.append((target(), Piece(kind, number, "f" * 16, rest)))

        return send

    async def deliver(self) -> None:
        under_way, self.under_way = self.under_way, []
        for channel, piece in under_way:
            await channel.received(piece)


@pytest.fixture
def wire() -> Wire:
    return Wire()


async def test_bytes_arrive_in_pieces_of_at_most_16_kib_and_then_the_end(wire: Wire) -> None:
    await wire.one.write(bytes(40_000))
    await wire.one.end()
    sizes = [len(piece.rest) for _, piece in wire.under_way]
    assert sizes == [MAX_PIECE, MAX_PIECE, 40_000 - 2 * MAX_PIECE, 0]
    await wire.deliver()
    assert sum([len(await wire.other.read()) for _ in range(3)]) == 40_000
    assert await wire.other.read() == b""


async def test_a_writer_waits_for_credit_and_goes_on_when_it_comes(wire: Wire) -> None:
    writing = asyncio.create_task(wire.one.write(bytes(2 * WINDOW)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert sum(len(piece.rest) for _, piece in wire.under_way) == WINDOW
    await wire.deliver()
    assert not writing.done()
    got = 0
    while got < 2 * WINDOW:
        got += len(await wire.other.read())
        await wire.deliver()
        await asyncio.sleep(0)
        await wire.deliver()
    await writing
    assert got == 2 * WINDOW


@pytest.mark.parametrize("number", [1, 2**32 - 1])
async def test_a_missing_piece_breaks_it_off(wire: Wire, number: int) -> None:
    await wire.one.received(Piece(Kind.DATA, number, "f" * 16, b"x"))
    with pytest.raises(Problem) as raised:
        await wire.one.read()
    assert raised.value.code is ProblemCode.UNAVAILABLE
    assert wire.forgotten == [wire.one]


async def test_a_piece_that_comes_twice_breaks_it_off_after_what_was_read_well(wire: Wire) -> None:
    for number in (0, 0):
        await wire.one.received(Piece(Kind.DATA, number, "f" * 16, b"well"))
    assert await wire.one.read() == b"well"
    with pytest.raises(Problem):
        await wire.one.read()


async def test_more_than_the_window_breaks_it_off_and_is_not_kept(wire: Wire) -> None:
    for number in range(WINDOW // MAX_PIECE + 1):
        await wire.one.received(Piece(Kind.DATA, number, "f" * 16, bytes(MAX_PIECE)))
    for _ in range(WINDOW // MAX_PIECE):
        assert len(await wire.one.read()) == MAX_PIECE
    with pytest.raises(Problem):
        await wire.one.read()


async def test_credit_never_grows_beyond_the_window(wire: Wire) -> None:
    for _ in range(100):
        await wire.one.received(Piece(Kind.CREDIT, 0, "f" * 16, credit(2**31)))
    writing = asyncio.create_task(wire.one.write(bytes(2 * WINDOW)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert sum(len(piece.rest) for _, piece in wire.under_way) == WINDOW
    wire.one.broke(gone())
    with pytest.raises(Problem):
        await writing


async def test_a_problem_reaches_the_other_side_and_closing_twice_is_nothing(wire: Wire) -> None:
    await wire.one.close(Problem(ProblemCode.FORBIDDEN, "No."))
    await wire.one.close()
    assert len(wire.under_way) == 1
    await wire.deliver()
    with pytest.raises(Problem) as raised:
        await wire.other.read()
    assert raised.value.code is ProblemCode.FORBIDDEN
    with pytest.raises(Problem):
        await wire.other.write(b"x")
    assert await wire.one.read() == b""


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x09" + bytes(20), b"\x00" + bytes(4) + b"\xff" * 16])
def test_what_is_no_piece_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Piece.decode(data)


def test_pieces_read_back_as_they_were_written() -> None:
    pieces = [Piece(kind, number, "0123456789abcdef", b"x" * number) for number, kind in enumerate(Kind)]
    assert [Piece.decode(piece.encode()) for piece in pieces] == pieces
    assert all(one != other for one, other in pairwise(pieces))

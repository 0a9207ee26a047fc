from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.sessions.ring import FRAME_COST, Ring
from gateway.sessions.types import MAX_PENDING, MAX_PIECE, Ended, Output, Resized, Snapshot
from gateway.sessions.viewer import Viewer
from gateway.sessions.window import FIRST

SCREEN = Snapshot("id", 0, "", 80, 24, 0, 0, True, False)


class Source:
    def __init__(self) -> None:
        self.asked = 0

    def request(self) -> None:
        self.asked += 1


def test_a_ring_keeps_what_is_needed_and_no_more_than_its_limit() -> None:
    ring = Ring(5, 3 * (100 + FRAME_COST))
    ring.append(b"lost", keep=False)
    assert (ring.first, ring.next, ring.held) == (6, 6, 0)
    for number in range(5):
        ring.append(bytes([number]) * 100, keep=True)
    assert (ring.first, ring.next) == (8, 11)
    assert ring.get(8).payload == b"\x02" * 100
    ring.forget_before(10)
    assert (ring.first, ring.held) == (10, 100 + FRAME_COST)
    ring.append(b"", keep=False)
    assert (ring.first, ring.next, ring.held) == (12, 12, 0)


def _viewer(limit: int = 1 << 24) -> tuple[Viewer, Ring, Source]:
    ring, source = Ring(0, limit), Source()
    viewer = Viewer("v", "ann", ring, source, 0)
    viewer.show(SCREEN, b"\x1b[3")
    return viewer, ring, source


async def test_what_was_unfinished_comes_before_the_first_frame_only() -> None:
    viewer, ring, _ = _viewer()
    ring.append(b"1mred", keep=True)
    ring.append(b"more", keep=True)
    assert [await anext(viewer) for _ in range(3)] == [SCREEN, Output(0, b"\x1b[31mred"), Output(1, b"more")]


async def test_whoever_falls_off_the_ring_asks_for_a_snapshot() -> None:
    viewer, ring, source = _viewer(limit=1000)
    assert await anext(viewer) == SCREEN
    for _ in range(10):
        ring.append(bytes(200), keep=True)
    viewer.end(Ended(0), SCREEN)
    assert [item async for item in viewer] == [SCREEN, Ended(0)]
    assert source.asked == 1


async def test_acknowledging_opens_the_window_again() -> None:
    viewer, ring, source = _viewer()
    await anext(viewer)
    ring.append(b"first", keep=True)
    viewer.ack(99)  # never sent: ignored
    await anext(viewer)
    viewer.ack(0)
    fits = FIRST // MAX_PIECE
    for _ in range(fits + 3):
        ring.append(bytes(MAX_PIECE), keep=True)
    got = []
    while (item := viewer._take()) is not None:
        got.append(item)
    assert len(got) == fits
    assert viewer._take() is None
    viewer.ack(viewer.cursor - 1)
    assert isinstance(viewer._take(), Output)
    assert source.asked == 0


async def test_after_a_snapshot_one_frame_is_handed_out_whatever_is_unacknowledged() -> None:
    viewer, ring, _ = _viewer()
    await anext(viewer)
    viewer.ack(-1)
    viewer.show(replace(SCREEN, content="x" * FIRST), b"")
    ring.append(b"one", keep=True)
    ring.append(b"two", keep=True)
    assert isinstance(viewer._take(), Snapshot)
    assert viewer._take() == Output(0, b"one")
    assert viewer._take() is None
    viewer.ack(0)
    assert viewer._take() == Output(1, b"two")


async def test_a_frame_has_room_for_what_is_put_before_it() -> None:
    viewer, ring, _ = _viewer()
    viewer.show(SCREEN, bytes(MAX_PENDING))
    ring.append(bytes(MAX_PIECE), keep=True)
    frames = [await anext(viewer), await anext(viewer)]
    assert frames[1] == Output(0, bytes(16 * 1024))
    with pytest.raises(ValueError, match="do not fit"):
        viewer.show(SCREEN, bytes(MAX_PENDING + 1))
    with pytest.raises(ValueError, match="does not fit"):
        ring.append(bytes(MAX_PIECE + 1), keep=True)


async def test_a_resize_is_told_before_the_snapshot_of_that_size() -> None:
    viewer, ring, source = _viewer()
    ring.append(b"old", keep=True)
    viewer.resized(100, 30)
    viewer.show(SCREEN, b"")
    assert [await anext(viewer), await anext(viewer)] == [Resized(100, 30), SCREEN]
    assert source.asked == 1

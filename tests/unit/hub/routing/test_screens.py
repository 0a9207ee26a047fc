"""Viewers of a session: screens and frames, gaps, and slow ones."""

from __future__ import annotations

import asyncio

import pytest

from hub.ports import ControlChanged, Output, ViewerName
from hub.routing.limits import RoutingLimits
from protocol.commands import SessionSnapshotRequest
from protocol.events import Ack, SessionSnapshot
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.routing.rig import Rig, items, of, settle
from tests.unit.hub.routing.watching import shown, watching


async def test_a_screen_first_then_who_types_then_the_frames() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, seq=7) as viewer:
        for seq in (7, 8):
            peer.output(b"x", seq)
        found = items(viewer)
        assert [type(item) for item in found] == [SessionSnapshot, ControlChanged, Output, Output]
        assert found[1] == ControlChanged(None, yours=False, may_write=True)
        assert found[2] == Output(7, b"x")


async def test_frames_before_the_screen_are_not_shown_twice() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    for seq in range(5):
        peer.output(b"x", seq)
    task = asyncio.create_task(_first_items(rig, 12))
    await settle()
    for seq in range(5, 10):
        peer.output(b"x", seq)
    peer.show(7, "screen")
    for seq in range(10, 17):
        peer.output(b"x", seq)
    assert await task == ["screen", *range(7, 17)]


async def test_a_screen_that_is_ahead_of_its_frames() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, seq=3) as viewer:
        for seq in range(6):
            peer.output(b"x", seq)
        assert shown(viewer) == ["$ ", 3, 4, 5]


async def test_a_gateway_that_numbers_no_screens() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    peer.output(b"x", 41)
    async with watching(rig, peer, seq=None) as viewer:
        peer.output(b"x", 42)
        peer.output(b"x", 43)
        peer.says(SessionSnapshot(session_id="s1", content="fresh"))
        peer.output(b"x", 0)
        assert shown(viewer) == ["fresh", 0]


@pytest.mark.parametrize("dropped", [False, True])
async def test_what_a_gateway_without_numbers_puts_out_behind_its_screen_is_not_lost(dropped: bool) -> None:
    rig = Rig()
    peer = rig.peer().hello()
    task = asyncio.create_task(_first_items(rig, 4))
    await settle()
    peer.output(b"x", 41)
    [request] = [message for message in peer.heard() if isinstance(message, SessionSnapshotRequest)]
    peer.says(SessionSnapshot(request_id=request.request_id, session_id="s1", content="screen"))
    peer.output(b"x", 43 if dropped else 42)
    peer.says(Ack(request_id=request.request_id, ok=True))
    if dropped:
        # A frame between the screen and its answer is missing: the screen is too old to go on from.
        rig.time.pass_by(0.5)
        assert peer.show(None, "again") == 1
        peer.output(b"x", 44)
        peer.output(b"x", 45)
    else:
        peer.output(b"x", 43)
    assert await task == (["again", 44, 45] if dropped else ["screen", 42, 43])


async def _first_items(rig: Rig, count: int) -> list[int | str]:
    found: list[int | str] = []
    async with rig.ports.of("gw").watch("s1", ViewerName("ada")) as watch:
        async for item in watch:
            if isinstance(item, Output):
                found.append(item.seq)
            elif isinstance(item, SessionSnapshot):
                found.append(item.content)
            if len(found) == count - 1:
                break
    return found


async def test_several_viewers_share_one_stream_and_one_screen() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as one:
        tasks = [asyncio.create_task(_first_items(rig, 4)) for _ in range(5)]
        await settle()
        rig.time.pass_by(0.5)
        assert peer.show(0) == 1
        await settle()
        for seq in range(3):
            peer.output(b"x", seq)
        assert [await task for task in tasks] == [["$ ", 0, 1]] * 5
        assert shown(one)[-3:] == [0, 1, 2]
        assert rig.connections.stats.output_frames == 3


async def test_the_last_viewer_ends_the_stream() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer):
        assert rig.connections.stats.viewers == 1
    peer.output(b"x", 0)
    assert rig.connections.stats.viewers == 0
    assert rig.connections.stats.unwatched_frames == 1


async def test_a_slow_viewer_loses_frames_and_gets_one_fresh_screen_when_it_reads() -> None:
    rig = Rig(RoutingLimits(viewer_bytes=10_000))
    peer = rig.peer().hello()
    async with watching(rig, peer, "slow") as slow, watching(rig, peer, "fast", seq=0) as fast:
        items(slow), items(fast)
        for seq in range(100):
            peer.output(bytes(1000), seq)
            assert [item.seq for item in of(Output, items(fast))] == [seq]
        assert not [message for message in peer.heard() if isinstance(message, SessionSnapshotRequest)]
        assert items(slow) == []
        following = asyncio.create_task(anext(slow))
        await settle()
        rig.time.pass_by(1)
        assert peer.show(100, "fresh") == 1
        item = await following
        assert isinstance(item, SessionSnapshot)
        assert item.content == "fresh"
        peer.output(b"x", 100)
        assert shown(slow) == [100]
        assert shown(fast) == [100]
        assert rig.connections.stats.lost_frames > 10


async def test_a_gap_on_the_way_shows_everybody_a_fresh_screen() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as one, watching(rig, peer, "bob", seq=0) as two:
        items(one), items(two)
        rig.time.pass_by(1)
        peer.output(b"x", 0)
        peer.output(b"x", 5)
        peer.output(b"x", 6)
        assert peer.show(6, "fresh") == 1
        assert shown(one) == ["fresh", 6]
        assert shown(two) == ["fresh", 6]


async def test_frames_that_come_twice_are_shown_once() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        for seq in (0, 1, 0, 1, 2):
            peer.output(b"x", seq)
        assert shown(viewer) == ["$ ", 0, 1, 2]


async def test_screens_that_do_not_fit_are_asked_for_again() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        items(viewer)
        rig.time.pass_by(1)
        peer.output(b"x", 20)
        peer.show(3, "stale")
        assert shown(viewer) == []
        following = asyncio.create_task(anext(viewer))
        await settle()
        rig.time.pass_by(1)
        peer.show(21, "fresh")
        item = await following
        assert isinstance(item, SessionSnapshot)
        assert item.content == "fresh"


async def test_no_device_no_session_no_answer() -> None:
    rig = Rig()
    with pytest.raises(Problem) as raised:
        await _first_items(rig, 2)
    assert raised.value.code is ProblemCode.DEVICE_OFFLINE
    peer = rig.peer().hello()
    with pytest.raises(Problem) as raised:
        async with rig.ports.of("gw").watch("no such id", ViewerName("ada")):
            pass
    assert raised.value.code is ProblemCode.NOT_FOUND
    task = asyncio.create_task(_first_items(rig, 2))
    await settle()
    (request,) = [message for message in peer.heard() if isinstance(message, SessionSnapshotRequest)]
    peer.says(Ack(request_id=request.request_id, ok=False, error="There is no such session."))
    with pytest.raises(Problem, match=r"There is no such session\."):
        await task
    silent = asyncio.create_task(_first_items(rig, 2))
    await settle()
    rig.time.pass_by(13)
    with pytest.raises(Problem) as raised:
        await silent
    assert raised.value.code is ProblemCode.TIMEOUT
    assert rig.connections.stats.viewers == 0


async def test_viewers_are_counted() -> None:
    rig = Rig(RoutingLimits(viewers_per_session=1, sessions_watched_per_device=1))
    peer = rig.peer().hello()
    async with watching(rig, peer):
        for session in ("s1", "s2"):
            with pytest.raises(Problem) as raised:
                async with rig.ports.of("gw").watch(session, ViewerName("bob")):
                    pass
            assert raised.value.code is ProblemCode.TOO_MANY


async def test_frames_over_16_kib_are_not_passed_on() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        head = b"\x01\x02s1" + bytes(8)
        peer.connection.binary(head + bytes(16 * 1024 + 1))
        peer.connection.binary(head[:-1])
        assert shown(viewer) == ["$ "]
        assert rig.connections.stats.bad_messages >= 2

"""Viewers of a session: screens and frames, slow ones, who types, and what is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hub.ports import ControlChanged, Output, Refused, SessionEnded, ViewerName
from hub.routing.limits import GRACE, Rate, RoutingLimits
from hub.routing.terminals.viewer import Viewer
from protocol.commands import SessionAck, SessionSnapshotRequest
from protocol.events import Ack, SessionError, SessionSnapshot
from protocol.events import SessionEnded as WireEnded
from protocol.frames import BinaryFrame
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.routing.rig import BINARY, Peer, Rig, items, of, settle


@asynccontextmanager
async def watching(
    rig: Rig, peer: Peer, name: str = "ada", *, seq: int | None = 0, writes: bool = True
) -> AsyncIterator[Viewer]:
    """A viewer that has its first screen, not taken yet."""
    leave, joined = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def watch() -> None:
        async with rig.ports.of("gw").watch("s1", ViewerName(name, writes)) as viewer:
            joined.set_result(viewer)
            await leave.wait()

    task = asyncio.create_task(watch())
    await settle()
    rig.time.pass_by(0.5)
    peer.show(seq)
    await settle()
    if task.done():
        await task
    try:
        yield await joined
    finally:
        leave.set()
        await task


def shown(viewer: Viewer) -> list[int | str]:
    """Frames by number, screens by content."""
    found = [item for item in items(viewer) if isinstance(item, Output | SessionSnapshot)]
    return [item.seq if isinstance(item, Output) else item.content for item in found]


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


def typed(peer: Peer) -> bytes:
    return b"".join(BinaryFrame.decode(data).payload for first, data in peer.frames() if first == BINARY)


async def test_one_types_at_a_time() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, "ada") as ada, watching(rig, peer, "bob", seq=0) as bob:
        items(ada), items(bob), peer.frames()
        await ada.type(b"ls\n")
        assert typed(peer) == b"ls\n"
        assert items(ada) == [ControlChanged("ada", yours=True, may_write=True)]
        assert items(bob) == [ControlChanged("ada", yours=False, may_write=True)]
        for attempt in (bob.type(b"rm\n"), bob.resize(80, 24)):
            with pytest.raises(Problem) as raised:
                await attempt
            assert raised.value.code is ProblemCode.NOT_IN_CONTROL
            assert raised.value.details == {"holder": "ada"}
        assert typed(peer) == b""
        await bob.take_control()
        assert items(ada)[-1] == ControlChanged("bob", yours=False, may_write=True)
        await bob.type(b"pwd\n")
        assert typed(peer) == b"pwd\n"
        rig.time.pass_by(31)
        peer.health("s1")
        assert items(ada)[-1] == ControlChanged(None, yours=False, may_write=True)
        await ada.type(b"x")


async def test_who_leaves_gives_control_back() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, "ada") as ada:
        async with watching(rig, peer, "bob", seq=0) as bob:
            await bob.type(b"x")
        assert items(ada)[-1] == ControlChanged(None, yours=False, may_write=True)


async def test_two_viewers_of_one_name_are_two() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, "ada") as one, watching(rig, peer, "ada", seq=0) as two:
        await one.type(b"x")
        with pytest.raises(Problem) as raised:
            await two.type(b"y")
        assert raised.value.code is ProblemCode.NOT_IN_CONTROL


async def test_who_may_not_write_cannot() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, "eve", writes=False) as eve:
        for attempt in (eve.type(b"x"), eve.resize(80, 24), eve.take_control(), eve.resume()):
            with pytest.raises(Problem) as raised:
                await attempt
            assert raised.value.code is ProblemCode.FORBIDDEN
        assert typed(peer) == b""


async def test_a_paste_goes_in_pieces_and_too_much_does_not() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        peer.frames()
        await viewer.type(b"x" * 100_000)
        frames = [BinaryFrame.decode(data) for first, data in peer.frames() if first == BINARY]
        assert [len(frame.payload) for frame in frames] == [32768, 32768, 32768, 1696]
        assert [frame.seq for frame in frames] == [0, 1, 2, 3]
        with pytest.raises(Problem) as raised:
            await viewer.type(bytes(1024 * 1024 + 1))
        assert raised.value.code is ProblemCode.TOO_LARGE


async def test_resizing_is_answered_or_refused() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        for ok in (True, False):
            peer.heard()
            task = asyncio.create_task(viewer.resize(100, 40))
            await settle()
            (command,) = peer.heard()
            peer.says(Ack(request_id=getattr(command, "request_id", ""), ok=ok, error=None if ok else "no"))
            if ok:
                await task
            else:
                with pytest.raises(Problem, match="no"):
                    await task


async def test_acknowledgements_follow_what_was_taken() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        rig.time.pass_by(2)
        peer.heard()
        for seq in range(100):
            peer.output(bytes(1000), seq)
        rig.time.pass_by(2)
        assert peer.heard() == []
        assert len(shown(viewer)) == 101
        rig.time.pass_by(2)
        acks = [message.seq for message in peer.heard() if isinstance(message, SessionAck)]
        assert acks == [99]


async def test_a_viewer_that_acknowledges_is_taken_at_its_word() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        items(viewer)
        viewer.ack(10**9)
        for seq in range(4):
            peer.output(b"x", seq)
        viewer.ack(1)
        items(viewer)
        rig.time.pass_by(2)
        acks = [message.seq for message in peer.heard() if isinstance(message, SessionAck)]
        assert acks[-1] == 1


RUNAWAY = RoutingLimits(session=Rate(bytes_per_second=10_000, messages_per_second=50, patience=5.0))


async def test_a_runaway_session_is_cut_off_and_comes_back_when_asked() -> None:
    rig = Rig(RUNAWAY)
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        for seq in range(2000):
            peer.output(b"x", seq)
            rig.time.pass_by(0.01)
        found = items(viewer)
        (refused,) = of(Refused, found)
        assert refused.problem.code is ProblemCode.RUNAWAY_OUTPUT
        assert 400 < len(of(Output, found)) < 800
        assert ("runaway", "s1") in rig.heard.log
        peer.heard()
        rig.time.pass_by(5)
        assert not any(isinstance(message, SessionAck) for message in peer.heard())
        async with watching(rig, peer, "late", seq=2000) as late:
            assert [item.problem.code for item in of(Refused, items(late))] == [ProblemCode.RUNAWAY_OUTPUT]
        await viewer.resume()
        items(viewer)
        following = asyncio.create_task(anext(viewer))
        await settle()
        rig.time.pass_by(1)
        peer.show(2000, "calm")
        peer.output(b"y", 2000)
        item = await following
        assert isinstance(item, SessionSnapshot)
        assert item.content == "calm"
        assert shown(viewer) == [2000]


async def test_an_idle_viewer_is_dropped_after_ten_minutes() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer, "idle") as idle, watching(rig, peer, "busy", seq=0) as busy:
        items(idle)
        for _ in range(21):
            rig.time.pass_by(30)
            peer.health("s1")
            items(busy)
            busy.ack(0)
        (refused,) = of(Refused, items(idle))
        assert refused.problem.code is ProblemCode.TIMEOUT
        with pytest.raises(StopAsyncIteration):
            await anext(idle)
        assert of(Refused, items(busy)) == []


async def test_a_session_that_ends_ends_its_viewers_after_the_last_frame() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        peer.output(b"bye", 0)
        peer.says(WireEnded(session_id="s1", exit_code=3))
        found = items(viewer)
        assert found[-2:] == [Output(0, b"bye"), SessionEnded(3)]
        with pytest.raises(StopAsyncIteration):
            await anext(viewer)
        peer.output(b"x", 1)
        assert rig.connections.stats.unwatched_frames == 1


async def test_errors_of_the_session_are_told() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        peer.says(SessionError(session_id="s1", error="Some input was dropped."))
        (refused,) = of(Refused, items(viewer))
        assert refused.problem.message == "Some input was dropped."


async def test_a_reconnect_goes_on_with_the_screen_the_device_shows() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        peer.output(b"x", 0)
        items(viewer)
        peer.lose()
        assert of(Refused, items(viewer))[0].problem.code is ProblemCode.UNAVAILABLE
        with pytest.raises(Problem) as raised:
            await viewer.type(b"x")
        assert raised.value.code is ProblemCode.DEVICE_OFFLINE
        rig.time.pass_by(10)
        again = rig.peer().hello()
        again.says(SessionSnapshot(session_id="s1", content="back", seq=500))
        again.output(b"y", 500)
        assert shown(viewer) == ["back", 500]
        rig.time.pass_by(5)
        assert not any(isinstance(message, SessionSnapshotRequest) for message in again.heard())


async def test_a_reconnect_of_a_gateway_that_shows_nothing_is_asked() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        items(viewer)
        peer.lose()
        again = rig.peer().hello()
        again.output(b"x", 3)
        items(viewer)
        following = asyncio.create_task(anext(viewer))
        await settle()
        rig.time.pass_by(3)
        assert again.show(4, "asked") == 1
        item = await following
        assert isinstance(item, SessionSnapshot)


async def test_an_offline_device_ends_its_viewers() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        peer.lose()
        rig.time.pass_by(GRACE + 1)
        assert of(Refused, items(viewer))[-1].problem.code is ProblemCode.DEVICE_OFFLINE
        with pytest.raises(StopAsyncIteration):
            await anext(viewer)


async def test_frames_over_16_kib_are_not_passed_on() -> None:
    rig = Rig()
    peer = rig.peer().hello()
    async with watching(rig, peer) as viewer:
        head = b"\x01\x02s1" + bytes(8)
        peer.connection.binary(head + bytes(16 * 1024 + 1))
        peer.connection.binary(head[:-1])
        assert shown(viewer) == ["$ "]
        assert rig.connections.stats.bad_messages >= 2

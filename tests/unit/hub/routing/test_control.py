"""Viewers of a session: who types, what is acknowledged, what is cut off, and what ends."""

from __future__ import annotations

import asyncio

import pytest

from hub.ports import ControlChanged, Output, Refused, SessionEnded
from hub.routing.limits import GRACE, Rate, RoutingLimits
from protocol.commands import SessionAck, SessionSnapshotRequest
from protocol.events import Ack, SessionError, SessionSnapshot
from protocol.events import SessionEnded as WireEnded
from protocol.frames import BinaryFrame
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.routing.rig import BINARY, Peer, Rig, items, of, settle
from tests.unit.hub.routing.watching import shown, watching


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

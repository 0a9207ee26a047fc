"""Devices of another node: the same suite over both buses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from hub.nodes.bus import Bus
from hub.nodes.directory import Directory
from hub.nodes.door import Door
from hub.nodes.ports import ClusterPorts
from hub.nodes.relay.relays import Relays
from hub.nodes.signals import Signals
from hub.ports import ControlChanged, Output, Refused, SessionEnded, ViewerName, WatchItem
from protocol.commands import AgentsList, AnyCommand, SessionEnd
from protocol.events import SessionSnapshot
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode
from tests.doubles.hub_ports import FakeDevice, FakePorts, offline

ANNA = ViewerName("Anna")


@dataclass
class Node:
    ports: ClusterPorts
    door: Door
    relays: Relays
    signals: Signals

    @classmethod
    async def start(cls, bus: Bus, node_id: str, local: FakePorts) -> Node:
        signals = Signals(bus, node_id)
        relays = Relays(bus, signals)
        door = Door(bus, relays, local, woken=lambda _device_id: None)
        await signals.start()
        await relays.start()
        await door.start()
        return cls(ClusterPorts(local, bus, relays, Directory(node_id)), door, relays, signals)

    async def close(self) -> None:
        await self.door.close()
        await self.relays.close()
        await self.signals.close()


@dataclass
class Pair:
    """The device is on ``far``; the viewers are on ``near``."""

    near: Node
    far: Node
    device: FakeDevice


@pytest.fixture
async def pair(buses: tuple[Bus, Bus]) -> AsyncIterator[Pair]:
    device = FakeDevice("d-1")
    near = await Node.start(buses[0], "a" * 16, FakePorts())
    far = await Node.start(buses[1], "b" * 16, FakePorts(device))
    far.door.hold("d-1")
    pair = Pair(near, far, device)
    while not await reached(pair):
        pass
    device.called.clear()
    yield pair
    await near.close()
    await far.close()


async def reached(pair: Pair) -> bool:
    try:
        await pair.near.ports.of("d-1").call(AgentsList(request_id="first"))
    except Problem as problem:
        if problem.code is not ProblemCode.DEVICE_OFFLINE:
            raise
        return False
    return True


async def test_a_command_goes_to_the_node_with_the_socket_and_its_answer_comes_back(pair: Pair) -> None:
    command = SessionEnd(request_id="r-1", session_id="s-1")
    answered = await pair.near.ports.of("d-1").call(command)
    assert answered.ok
    assert answered.command is command
    assert [event.type for event in answered.events] == ["ack"]
    assert pair.device.called == [command]


async def test_a_refusal_of_the_device_and_a_problem_come_back_as_they_are(pair: Pair) -> None:
    async def refuse(command: AnyCommand) -> Answered:
        return Answered(command, ok=False, error="no such session\nreally", events=())

    async def lose(_command: AnyCommand) -> Answered:
        raise offline(sent=True)

    pair.device.answer = refuse
    answered = await pair.near.ports.of("d-1").call(AgentsList(request_id="r-1"))
    assert (answered.ok, answered.error, answered.events) == (False, "no such session\nreally", ())
    pair.device.answer = lose
    with pytest.raises(Problem) as raised:
        await pair.near.ports.of("d-1").call(AgentsList(request_id="r-2"))
    assert (raised.value.code, raised.value.details) == (ProblemCode.DEVICE_OFFLINE, {"sent": True})


async def test_a_device_nobody_holds_is_offline(pair: Pair) -> None:
    for opened in (
        pair.near.ports.of("d-2").call(AgentsList(request_id="r")),
        pair.near.ports.of("d-2").open_stream(),
        pair.near.ports.of("d-2").watch("s-1", ANNA).__aenter__(),
    ):
        with pytest.raises(Problem) as raised:
            await opened
        assert (raised.value.code, raised.value.details) == (ProblemCode.DEVICE_OFFLINE, {"sent": False})
    assert len(pair.near.relays) == 0


async def test_a_released_device_is_offline_at_once_for_the_others(pair: Pair) -> None:
    pair.far.door.release("d-1")
    while await reached(pair):
        pass
    assert not pair.near.ports.online("d-1")


async def test_a_terminal_is_watched_and_typed_into(pair: Pair) -> None:
    async with pair.near.ports.of("d-1").watch("s-1", ANNA) as watch:
        there = await pair.device.watches.get()
        assert there.viewer == ANNA
        shown: list[WatchItem] = [
            Output(0, b"hello"),
            Output(1, bytes(16 * 1024)),
            ControlChanged("Anna", yours=True, may_write=True),
            Refused(Problem(ProblemCode.RUNAWAY_OUTPUT, "It writes too much.", {"rate": 5})),
            SessionSnapshot(session_id="s-1", content="x" * 300_000, seq=2, cols=80, rows=24),
            SessionEnded(3),
        ]
        for item in shown:
            there.items.put_nowait(item)
        there.items.put_nowait(None)
        await watch.type(b"ls\n")
        await watch.resize(100, 30)
        await watch.take_control()
        await watch.resume()
        watch.ack(1)
        assert await there.acked.get() == 1
        seen = [item async for item in watch]
    assert there.done == ["type b'ls\\n'", "resize 100x30", "control", "resume"]
    refused = seen.pop(4)
    assert isinstance(refused, Refused)
    assert (refused.problem.code, refused.problem.details) == (ProblemCode.RUNAWAY_OUTPUT, {"rate": 5})
    assert seen == [pair.device.screen, *shown[:3], *shown[4:]]
    await there.left.wait()


async def test_what_the_terminal_refuses_reaches_the_one_who_typed(pair: Pair) -> None:
    async with pair.near.ports.of("d-1").watch("s-1", ViewerName("Ben", may_write=False)) as watch:
        with pytest.raises(Problem) as raised:
            await watch.type(b"x")
        assert raised.value.code is ProblemCode.FORBIDDEN
    with pytest.raises(Problem) as raised:
        await pair.near.ports.of("d-1").watch("s-9", ANNA).__aenter__()
    assert raised.value.code is ProblemCode.NOT_FOUND
    assert len(pair.near.relays) == 0


async def test_a_viewer_that_leaves_ends_the_watch_on_the_other_node(pair: Pair) -> None:
    async with pair.near.ports.of("d-1").watch("s-1", ANNA):
        there = await pair.device.watches.get()
    async with asyncio.timeout(10):
        await there.left.wait()
    assert len(pair.near.relays) == 0


async def test_a_viewer_that_never_reads_stops_the_reading_of_its_watch(pair: Pair) -> None:
    async with pair.near.ports.of("d-1").watch("s-1", ANNA) as watch:
        there = await pair.device.watches.get()
        for seq in range(64):
            there.items.put_nowait(Output(seq, bytes(16 * 1024)))
        # It answers: whatever was to be sent before is under way.
        await watch.type(b"x")
        left = -1
        while left != there.items.qsize():
            left = there.items.qsize()
            await watch.type(b"x")
            await watch.type(b"x")
        # Window, what the writer holds, and one piece gathered.
        assert left >= 64 - (64 + 16 + 32) // 16
        there.items.put_nowait(None)
        seen = [item.seq async for item in watch if isinstance(item, Output)]
    assert seen == list(range(64))


async def test_a_stream_carries_bytes_both_ways_and_ends(pair: Pair) -> None:
    stream = await pair.near.ports.of("d-1").open_stream()
    there = await pair.device.streams.get()
    data = bytes(range(256)) * 8192

    async def send() -> None:
        await stream.write(data)
        await stream.end()

    async def back() -> None:
        while piece := await there.read():
            await there.write(piece)
        await there.end()

    async def receive() -> bytes:
        got = bytearray()
        while piece := await stream.read():
            got += piece
        return bytes(got)

    _, _, got = await asyncio.gather(send(), back(), receive())
    assert got == data
    await stream.close()
    async with asyncio.timeout(10):
        assert there.other is not None
        await there.other.closed.wait()
    assert len(pair.near.relays) == len(pair.far.relays) == 0


async def test_a_stream_whose_reader_sleeps_holds_the_writer_up(pair: Pair) -> None:
    stream = await pair.near.ports.of("d-1").open_stream()
    there = await pair.device.streams.get()
    writing = asyncio.create_task(stream.write(bytes(8 * 1024 * 1024)))
    got = 0
    while got < 100_000:
        got += len(await there.read())
    assert not writing.done()
    while got < 8 * 1024 * 1024:
        got += len(await there.read())
    await writing
    await stream.close()


async def test_a_stream_that_breaks_off_at_the_device_ends_here(pair: Pair) -> None:
    stream = await pair.near.ports.of("d-1").open_stream()
    there = await pair.device.streams.get()
    await there.end()
    assert await stream.read() == b""
    await stream.close()
    with pytest.raises(Problem):
        await stream.write(b"x")


async def test_a_node_that_stops_breaks_its_relays_off_with_a_sentence(pair: Pair) -> None:
    stream = await pair.near.ports.of("d-1").open_stream()
    async with pair.near.ports.of("d-1").watch("s-1", ANNA) as watch:
        items = aiter(watch)
        assert await anext(items) == pair.device.screen
        await pair.far.relays.close()
        last = await anext(items)
        assert isinstance(last, Refused)
        assert "broke off" in last.problem.message
    with pytest.raises(Problem) as raised:
        await stream.read()
    assert raised.value.code is ProblemCode.UNAVAILABLE

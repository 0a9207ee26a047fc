"""NATS that goes away and comes back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.nodes.bus import Message
from hub.nodes.local_bus import LocalBus
from hub.nodes.nats_bus import NatsBus
from hub.nodes.opening import open_bus
from protocol.problems import Problem, ProblemCode
from tests.nats import NatsServer


class Changes:
    """What a bus told of itself."""

    def __init__(self, bus: NatsBus) -> None:
        self.told: asyncio.Queue[bool] = asyncio.Queue()
        bus.on_change(self.told.put_nowait)

    async def next(self) -> bool:
        async with asyncio.timeout(20):
            return await self.told.get()


async def echo(message: Message) -> bytes:
    return message.data


async def test_a_lost_server_is_a_problem_at_once_and_its_return_is_enough(nats: NatsServer) -> None:
    one, other = NatsBus(nats.url, name="one", retry_after=0.05), NatsBus(nats.url, name="other", retry_after=0.05)
    changes, others = Changes(one), Changes(other)
    for bus, seen in ((one, changes), (other, others)):
        assert await bus.start()
        assert await seen.next() is True
    try:
        await other.subscribe("a.echo", echo)
        asked = asyncio.Event()

        async def hang(_message: Message) -> None:
            asked.set()
            await asyncio.Event().wait()

        await one.subscribe("a.hang", hang)
        waiting = asyncio.create_task(one.request("a.hang", b"", within=60))
        await asked.wait()
        await nats.stop()
        with pytest.raises(Problem) as raised:
            await waiting
        assert (raised.value.code, raised.value.details) == (ProblemCode.UNAVAILABLE, {"sent": True})
        assert await changes.next() is False
        assert await others.next() is False
        with pytest.raises(Problem) as raised:
            await one.request("a.echo", b"", within=60)
        assert (raised.value.code, raised.value.details) == (ProblemCode.UNAVAILABLE, {"sent": False})
        assert "Start NATS" in raised.value.message
        with pytest.raises(Problem):
            await one.publish("a.echo", b"")
        await one.subscribe("a.meanwhile", echo)
        await nats.start()
        assert await changes.next() is True
        assert await others.next() is True
        assert await one.request("a.echo", b"back", within=10) == b"back"
        assert await other.request("a.meanwhile", b"too", within=10) == b"too"
    finally:
        await one.close()
        await other.close()


async def test_a_node_starts_without_nats_and_finds_it_later(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    bus = NatsBus(server.url, name="one", retry_after=0.05)
    changes = Changes(bus)
    try:
        assert await bus.start(within=0.1) is False
        await bus.subscribe("a.echo", echo)
        await server.start()
        assert await changes.next() is True
        assert await bus.request("a.echo", b"x", within=10) == b"x"
    finally:
        await bus.close()
        await server.stop()


async def test_what_does_not_deflate_below_the_servers_limit_is_refused(nats: NatsServer) -> None:
    bus = NatsBus(nats.url, name="one")
    await bus.start()
    try:
        with pytest.raises(Problem) as raised:
            await bus.request("a.b", os.urandom(2 * 1024 * 1024), within=5)
        assert raised.value.code is ProblemCode.TOO_LARGE
        assert "max_payload" in raised.value.message
    finally:
        await bus.close()


async def test_garbage_of_another_program_is_answered_with_a_problem_or_dropped(nats: NatsServer) -> None:
    bus = NatsBus(nats.url, name="one")
    await bus.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(nats.url.rpartition(":")[2]))
    try:
        await bus.subscribe("a.echo", echo)
        assert await bus.request("a.echo", b"x", within=5) == b"x"
        writer.write(b'CONNECT {"verbose":false}\r\nSUB reply 1\r\n')
        for garbage in (b"", b"\x01nothing deflated", b"\x02{", b"\x09"):
            writer.write(b"PUB a.echo reply %d\r\n%s\r\nPUB a.echo %d\r\n%s\r\n" % (2 * (len(garbage), garbage)))
            async with asyncio.timeout(10):
                while b"internal" not in await reader.readline():
                    pass
        assert await bus.request("a.echo", b"y", within=5) == b"y"
    finally:
        writer.close()
        await bus.close()


async def test_the_settings_choose_the_bus(nats: NatsServer) -> None:
    assert isinstance(await open_bus(None, "a" * 16), LocalBus)
    bus = await open_bus(f"nats://127.0.0.1:1, {nats.url}", "a" * 16)
    await bus.subscribe("a.echo", echo)
    assert await bus.request("a.echo", b"x", within=5) == b"x"
    await bus.close()


async def test_a_password_in_the_address_is_not_logged(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    bus = NatsBus(server.url.replace("//", "//me:hunter2@"), name="one", retry_after=0.01)
    with capture_logs() as logs:
        await bus.start(within=0.2)
        await bus.close()
    assert logs
    assert "hunter2" not in repr(logs)

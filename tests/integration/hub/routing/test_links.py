"""Devices' links over real sockets: commands, terminals, and bad days."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hub.ports import Output, Refused, SessionEnded, ViewerName
from hub.routing.limits import Rate, RoutingLimits
from protocol.commands import SessionCreate, SessionResize
from protocol.events import SessionEnded as WireEnded
from protocol.events import SessionSnapshot
from protocol.problems import Problem, ProblemCode
from tests.integration.hub.routing.rig import Node, RealDevice, node_running, text_of, until
from tests.load.dialects import client_frame, upgrade_request


def known(node: Node, *gateway_ids: str) -> None:
    node.doorman.tokens.update(dict.fromkeys(gateway_ids, "secret"))


async def connected(node: Node, *devices: RealDevice) -> None:
    await until(lambda: all(node.connections.live(device.gateway_id) is not None for device in devices))


def resize(number: int) -> SessionResize:
    return SessionResize(request_id=f"r{number}", session_id="s1", cols=80, rows=24)


async def test_a_command_to_a_real_link_and_back() -> None:
    async with node_running() as node:
        known(node, "gw")
        async with RealDevice(node).connected() as device:
            await connected(node, device)
            create = SessionCreate(request_id="r1", session_id="s1", name="api", workdir="api")
            answered = await node.ports.of("gw").call(create)
            assert [event.type for event in answered.events] == ["session.started", "ack"]
            assert device.commands == [create]


async def test_fifty_devices_of_one_process_answer_for_themselves() -> None:
    async with node_running() as node, asyncio.TaskGroup() as group:
        names = [f"gw-{number}" for number in range(50)]
        known(node, *names)
        done = asyncio.Event()

        async def live(device: RealDevice) -> None:
            async with device.connected():
                await done.wait()

        devices = [RealDevice(node, name) for name in names]
        for device in devices:
            group.create_task(live(device))
        await connected(node, *devices)
        calls = [node.ports.of(name).call(resize(number)) for number in range(20) for name in names]
        assert all(answered.ok for answered in await asyncio.gather(*calls))
        assert all(len(device.commands) == 20 for device in devices)
        done.set()


async def test_a_terminal_from_screen_to_end() -> None:
    async with node_running() as node:
        known(node, "gw")
        device = RealDevice(node)
        device.screens["s1"] = 7
        async with device.connected():
            await connected(node, device)
            async with node.ports.of("gw").watch("s1", ViewerName("ada")) as watch:
                await watch.type(b"ls\n")
                await until(lambda: bytes(device.typed) == b"ls\n")
                for number in range(30):
                    await device.output("s1", b"%d" % number)
                await device.say(WireEnded(session_id="s1", exit_code=0))
                found = [item async for item in watch]
    assert isinstance(found[0], SessionSnapshot)
    assert [item.seq for item in found if isinstance(item, Output)] == list(range(7, 37))
    assert found[-1] == SessionEnded(0)


async def test_a_viewer_that_never_reads_holds_up_nobody() -> None:
    async with node_running(RoutingLimits(viewer_bytes=64 * 1024)) as node:
        known(node, "gw")
        device = RealDevice(node)
        device.screens["s1"] = 0
        async with device.connected():
            await connected(node, device)
            port = node.ports.of("gw")
            async with port.watch("s1", ViewerName("never")), port.watch("s1", ViewerName("fast")) as fast:
                taken = 0
                for _ in range(100):
                    await device.output("s1", bytes(16_000))
                    async for item in fast:
                        if isinstance(item, Output):
                            taken += len(item.payload)
                            break
                assert taken == 1_600_000
                await until(lambda: bool(device.acks) and device.acks[-1] == 99)
                assert node.connections.stats.lost_frames > 0


async def test_a_device_that_is_away_for_a_moment() -> None:
    async with node_running() as node:
        known(node, "gw")
        first = RealDevice(node)
        first.screens["s1"] = 3
        async with first.connected():
            await connected(node, first)
            async with node.ports.of("gw").watch("s1", ViewerName("ada")) as watch:
                await anext(aiter(watch))
                first.ws.transport.abort()
                async for item in watch:
                    if isinstance(item, Refused):
                        assert item.problem.code is ProblemCode.UNAVAILABLE
                        break
                again = RealDevice(node)
                again.screens["s1"] = 90
                async with again.connected():
                    async for item in watch:
                        if isinstance(item, SessionSnapshot):
                            assert item.seq == 90
                            break
                    await again.output("s1", b"x")
                    assert await anext(aiter(watch)) == Output(90, b"x")
        assert [what for what, _ in node.heard.log if what.endswith("connected")] == ["connected", "connected"]


async def test_the_newer_connection_stays() -> None:
    async with node_running() as node:
        known(node, "gw")
        async with RealDevice(node).connected() as older:
            await connected(node, older)
            async with RealDevice(node).connected() as newer:
                await until(lambda: older.closed is not None)
                assert older.closed == (4409, "the device has a newer connection")
                assert (await node.ports.of("gw").call(resize(1))).ok
                assert len(newer.commands) == 1
                assert older.commands == []


async def test_a_cut_device_is_told_why_and_what_it_was_asked_is_refused() -> None:
    async with node_running() as node:
        known(node, "gw")
        async with RealDevice(node).connected() as device:
            device.obeys = False
            await connected(node, device)
            call = asyncio.create_task(node.ports.of("gw").call(resize(1)))
            await until(lambda: bool(device.commands))
            assert node.ports.cut("gw", 4404, "The device was taken off this hub.")
            with pytest.raises(Problem) as raised:
                await call
            assert raised.value.details == {"sent": True}
            await until(lambda: device.closed is not None)
            assert device.closed == (4404, "The device was taken off this hub.")


async def test_a_hub_that_stops_says_good_bye() -> None:
    async with node_running() as node:
        known(node, "gw")
        async with RealDevice(node).connected() as device:
            await connected(node, device)
            await node.connections.stop()
            await until(lambda: device.closed is not None)
            assert device.closed == (1001, "the hub stops")
            with pytest.raises(InvalidStatus) as raised:
                async with RealDevice(node).connected():
                    pass
            assert raised.value.response.status_code == 503


async def test_a_flood_over_a_real_socket_is_cut_with_a_reason() -> None:
    slow = Rate(bytes_per_second=10**9, messages_per_second=500, patience=0.5)
    async with node_running(RoutingLimits(device=slow)) as node:
        known(node, "gw")
        async with RealDevice(node).connected() as device:
            await connected(node, device)
            with suppress(ConnectionClosed):
                while device.closed is None:
                    await device.ws.send(b"\x01\x02s1" + bytes(9))
            await until(lambda: device.closed is not None)
            assert device.closed is not None
            assert device.closed[0] == 4429
            assert "500 messages" in device.closed[1]


async def test_a_device_that_never_reads_is_cut() -> None:
    limits = RoutingLimits(unsent_bytes=64 * 1024, unread_seconds=0.2)
    async with node_running(limits) as node:
        known(node, "gw")
        async with RealDevice(node).connected() as device:
            await connected(node, device)
            connection = node.connections.live("gw")
            assert connection is not None
            device.ws.transport.pause_reading()
            payload = bytes(32 * 1024)
            while connection.live:
                connection.type("s1", 0, payload)
                await asyncio.sleep(0)
            assert node.connections.stats.cut_slow == 1
            device.ws.transport.resume_reading()


async def test_raw_garbage_instead_of_frames() -> None:
    async with node_running() as node:
        known(node, "gw")
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        request = upgrade_request("/gw/connect", "gw").replace(b"Bearer load", b"Bearer secret")
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        writer.write(bytes(range(256)) * 100)
        answer = await reader.read()
        assert answer[:4] == b"\x88" + answer[1:2] + (1002).to_bytes(2, "big")
        writer.close()
        await writer.wait_closed()
        assert (await _status(node)) == 101


async def _status(node: Node) -> int:
    headers = {"Authorization": "Bearer secret", "X-Gateway-Id": "gw"}
    async with connect(node.url, additional_headers=headers) as ws:
        assert ws.response is not None
        return ws.response.status_code


async def test_a_socket_that_dies_without_a_word() -> None:
    async with node_running() as node:
        known(node, "gw")
        raw = socket.create_connection(("127.0.0.1", node.port))
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, upgrade_request("/gw/connect", "gw").replace(b"Bearer load", b"Bearer secret"))
        await loop.sock_recv(raw, 4096)
        hello = text_of(RealDevice(node).hello).encode()
        await loop.sock_sendall(raw, client_frame(0x81, hello))
        await until(lambda: node.connections.live("gw") is not None)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes((1, 0, 0, 0, 0, 0, 0, 0)))
        raw.close()
        await until(lambda: node.connections.live("gw") is None)
        assert node.ports.online("gw")


async def test_the_http_server_keeps_nothing_of_a_connection() -> None:
    async with node_running() as node:
        known(node, "gw")
        async with RealDevice(node).connected() as device:
            await connected(node, device)
            handlers = [task for task in asyncio.all_tasks() if "RequestHandler" in repr(task.get_coro())]
            assert handlers == []

"""How the device comes to its hub, and comes back."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from gateway.events.types import HubLinkChanged
from gateway.hub_link.link import HubLink
from gateway.sessions.types import SessionSpec
from protocol.problems import Problem, ProblemCode
from provisioning.hub_credentials import HubCredentialsFile
from tests.doubles.control_plane import ControlPlane, DeviceLink, Frame, GarbageServer
from tests.doubles.control_plane.plane import TOKEN
from tests.integration.hub_link.memory import MemoryDevice
from tests.integration.hub_link.rig import GATEWAY_ID, ManualClock, credentials, running, status


async def test_the_handshake_and_the_greeting_are_those_of_the_wire(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        await memory.sessions.create(SessionSpec(name, Path("work"), session_id=name))
    memory.sessions.finish("two", 0)
    await memory.sessions.create(SessionSpec("three", Path("work"), session_id="three"))
    memory.sessions.at("one").write(b"before")
    async with running(memory.services, tmp_path, plane.url) as link:
        hub = await plane.connected()
        await hub.event("session.snapshot", where=lambda m: m["session_id"] == "three")
        await hub.event("session.snapshot", where=lambda m: m["session_id"] == "one")
        memory.sessions.at("one").write(b"after")
        await hub.output("one", b"after")
        assert (await status(link, memory.bus, "online")).last_error is None
    handshake = plane.handshakes[0]
    assert handshake.path == "/gw/connect"
    assert handshake.authorization == f"Bearer {TOKEN}"
    assert handshake.gateway_id == GATEWAY_ID
    assert handshake.extensions is None, "compression costs the hub 30 KB a device"
    kinds = [item["type"] if isinstance(item, dict) else "frame" for item in hub.journal.items]
    assert kinds == ["gateway.hello", "gateway.health", "session.snapshot", "session.snapshot", "frame"]
    hello, health, *_ = hub.journal.messages()
    assert hello["schema_version"] == "1"
    assert hello["gateway_id"] == GATEWAY_ID
    assert hello["hostname"] == "box"
    assert hello["system_info"] == {
        "os": "Debian 13",
        "arch": "aarch64",
        "cpus": 4,
        "ram_total_bytes": 2,
        "disk_total_bytes": 4,
    }
    assert health["cpu_percent"] == 12.5
    assert health["timestamp"] == "2026-11-21T08:00:00Z"
    assert [active["session_id"] for active in health["active_sessions"]] == ["one", "three"]
    screens = {m["session_id"]: m for m in hub.journal.messages("session.snapshot")}
    assert screens["one"]["content"] == "before"
    assert screens["one"]["seq"] == 1
    assert all("request_id" not in screen for screen in screens.values())
    assert hub.journal.items[-1] == Frame(1, "one", 1, b"after")


async def test_health_comes_again_by_itself(plane: ControlPlane, memory: MemoryDevice, tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(memory.services, tmp_path, plane.url, clock=clock):
        hub = await plane.connected()
        await hub.event("gateway.health")
        mark = hub.journal.mark
        await memory.sessions.create(SessionSpec("new", Path("work"), session_id="new"))
        await _settled(hub)
        clock.advance(29)
        await _settled(hub)
        assert list(hub.journal.messages("gateway.health", after=mark)) == []
        clock.advance(1)
        health = await hub.event("gateway.health", after=mark)
    assert [active["session_id"] for active in health["active_sessions"]] == ["new"]


async def _settled(hub: DeviceLink) -> None:
    """Two round trips: the first carries what the device sent before, the second what came back for it."""
    for _ in range(2):
        assert (await hub.command("workspace.list")).ok


async def test_a_dropped_link_comes_back_with_the_sessions_and_their_screens(
    plane: ControlPlane, memory: MemoryDevice, hub: DeviceLink
) -> None:
    await hub.command("session.create", session_id="kept", name="kept", workdir="work", agent="none")
    await hub.command("session.create", session_id="over", name="over", workdir="work", agent="none")
    await hub.event("session.snapshot", where=lambda m: m["session_id"] == "over")
    plane.refuse_with = 503
    hub.drop()
    await plane.tried(2)
    memory.sessions.at("kept").write(b"while away")
    memory.sessions.finish("over", 3)
    plane.refuse_with = None
    again = await plane.connected(2)
    snapshot = await again.event("session.snapshot")
    assert snapshot["session_id"] == "kept"
    assert snapshot["content"] == "while away"
    assert snapshot["seq"] == 1
    assert (await again.event("session.ended")) == {
        "type": "session.ended",
        "schema_version": "1",
        "session_id": "over",
        "exit_code": 3,
    }
    assert [m["type"] for m in again.journal.messages()][:2] == ["gateway.hello", "gateway.health"]
    memory.sessions.at("kept").write(b"live")
    await again.output("kept", b"live")


async def test_a_hub_that_restarts_is_found_again(
    plane: ControlPlane, memory: MemoryDevice, link: HubLink, hub: DeviceLink
) -> None:
    await plane.stop()
    waiting = await status(link, memory.bus, "waiting")
    assert waiting.last_error
    await plane.start()
    again = await plane.connected(2)
    await again.event("gateway.health")
    await status(link, memory.bus, "online")
    assert hub.journal.closed


async def test_pings_that_nobody_answers_end_the_connection_and_a_new_one_is_made(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with running(memory.services, tmp_path, plane.url, clock=clock) as link:
        hub = await plane.connected()
        hub.never_pong()
        await _settled(hub)
        for seconds in (20, 15, 5):
            clock.advance(seconds)
            await _settled(hub)
        clock.advance(14)
        await _settled(hub)
        assert link.status.last_error is None
        clock.advance(1)
        assert "pings" in str(link.status.last_error)
        await clock.armed()
        clock.advance(1)
        again = await plane.connected(2)
        await again.event("gateway.health")
        assert hub.close_code == 1001


async def test_pings_that_are_answered_keep_the_connection(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    clock = ManualClock()
    async with running(memory.services, tmp_path, plane.url, clock=clock) as link:
        hub = await plane.connected()
        for _ in range(60):
            await _settled(hub)
            clock.advance(5)
        await _settled(hub)
        assert link.status.state == "online"
        assert len(plane.links) == 1


async def test_a_wrong_token_waits_and_says_what_to_do(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        memory.bus.subscribe() as events,
        running(memory.services, tmp_path, plane.url, token="wrong-secret") as link,
    ):
        waiting = await status(link, memory.bus, "waiting")
        assert "token" in str(waiting.last_error)
        assert "settings" in str(waiting.last_error)
        await plane.tried(2)
        assert link.status.state == "waiting"
        plane.token = "wrong-secret"
        await status(link, memory.bus, "online")
        seen = [await anext(events) for _ in range(3)]
    changes = [published.event for published in seen if isinstance(published.event, HubLinkChanged)]
    assert [change.state for change in changes] == ["connecting", "waiting", "online"]
    ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert ours
    assert not any("wrong-secret" in line for line in ours)
    assert "wrong-secret" not in repr(changes)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\xff" * 500,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"",
        b"HTTP/1.1 401 " + b"x" * 100_000,
    ],
)
async def test_garbage_instead_of_a_handshake_does_not_end_the_tries(
    answer: bytes, memory: MemoryDevice, tmp_path: Path
) -> None:
    async with GarbageServer(answer) as server, running(memory.services, tmp_path, server.url) as link:
        await server.called(3)
        waiting = await status(link, memory.bus, "waiting")
        assert waiting.last_error


@pytest.mark.parametrize("code", [400, 404, 429, 500, 502])
async def test_a_refused_handshake_is_tried_again(
    code: int, plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    plane.refuse_with = code
    async with running(memory.services, tmp_path, plane.url) as link:
        await plane.tried(2)
        assert str(code) in str(link.status.last_error)
        plane.refuse_with = None
        await status(link, memory.bus, "online")


async def test_the_token_does_not_follow_a_redirect(memory: MemoryDevice, tmp_path: Path) -> None:
    async with ControlPlane() as plane, ControlPlane() as other:
        plane.redirect_to = f"ws://127.0.0.1:{other.url.rsplit(':', 1)[1]}/gw/connect"
        async with running(memory.services, tmp_path, plane.url) as link:
            await plane.tried(2)
            assert "another" in str(link.status.last_error)
        assert other.handshakes == []


async def test_a_hub_that_closes_every_connection_is_tried_again(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    plane.close_at_once = 1011
    async with running(memory.services, tmp_path, plane.url) as link:
        await plane.tried(3)
        plane.close_at_once = None
        await status(link, memory.bus, "online")


async def test_a_name_that_cannot_be_found_is_waited_for(memory: MemoryDevice, tmp_path: Path) -> None:
    async with running(memory.services, tmp_path, "https://hub.invalid") as link:
        waiting = await status(link, memory.bus, "waiting", within=30)
        assert waiting.last_error


async def test_another_hub_is_used_at_once_and_remembered(
    plane: ControlPlane, memory: MemoryDevice, link: HubLink, hub: DeviceLink, tmp_path: Path
) -> None:
    async with ControlPlane("another-token") as other:
        await link.configure(credentials(other.url, "another-token"))
        moved = await other.connected()
        await moved.event("gateway.health")
        assert hub.close_code == 1001
        await link.configure(None)
        await status(link, memory.bus, "off")
        assert moved.close_code == 1001
    assert await asyncio.to_thread(HubCredentialsFile(tmp_path / "hub.json").read) is None


async def test_the_hub_of_the_last_run_is_used_again(plane: ControlPlane, memory: MemoryDevice, tmp_path: Path) -> None:
    await asyncio.to_thread(HubCredentialsFile(tmp_path / "hub.json").write, credentials(plane.url))
    async with running(memory.services, tmp_path, None) as link:
        await plane.connected()
        assert link.status.url == plane.url


async def test_an_unreadable_file_of_credentials_turns_the_link_off_with_a_reason(
    memory: MemoryDevice, tmp_path: Path, plane: ControlPlane
) -> None:
    await asyncio.to_thread((tmp_path / "hub.json").write_text, "{broken")
    async with memory.bus.subscribe() as events, running(memory.services, tmp_path, None) as link:
        changed = (await anext(events)).event
        assert isinstance(changed, HubLinkChanged)
        assert changed.state == "off"
        assert link.status.last_error
        await link.configure(credentials(plane.url))
        await plane.connected()


async def test_an_address_of_no_use_is_refused_and_nothing_changes(link: HubLink, hub: DeviceLink) -> None:
    bad = credentials("https://hub.example.org").model_copy(update={"url": "ftp://hub"})
    with pytest.raises(Problem) as caught:
        await link.configure(bad)
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert (await hub.command("agents.list")).ok


async def test_without_a_hub_the_link_is_off(memory: MemoryDevice, tmp_path: Path) -> None:
    async with running(memory.services, tmp_path, None) as link:
        assert (await status(link, memory.bus, "off")).url is None

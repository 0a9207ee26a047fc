"""A real device over the wire alone: what it says is checked on the machine, not in the code."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.sessions.types import SessionSpec, Snapshot
from protocol.problems import ProblemCode
from tests.doubles.control_plane import ControlPlane, DeviceLink, Frame
from tests.integration.hub_link.real import REASON, RealDevice, codex, end_everything, real_device
from tests.integration.hub_link.rig import running

ONE = f"one-{os.getpid()}"
"""Sessions are told apart by their id on the whole machine, and tests run beside each other."""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJxS2VbJ4pWk4ZoN1dYjXk3rVqS6V2bKQ7mHc1b9nW5T"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("d")
    yield folder
    end_everything(folder)


@pytest.fixture
async def device(folder: Path) -> AsyncIterator[RealDevice]:
    async with real_device(folder) as device:
        yield device


@pytest.fixture
async def hub(device: RealDevice, plane: ControlPlane) -> AsyncIterator[DeviceLink]:
    async with running(device.services, device.folder, plane.url):
        hub = await plane.connected()
        await hub.event("gateway.health")
        yield hub


async def _create(hub: DeviceLink, session_id: str = ONE) -> None:
    answer = await hub.command(
        "session.create",
        session_id=session_id,
        name=session_id,
        workdir="project",
        agent="none",
        env={"PS1": "ready> "},
    )
    assert answer.ok, answer.error
    await hub.event("session.snapshot", where=lambda m: m["session_id"] == session_id)


async def test_the_greeting_tells_of_this_machine(device: RealDevice, plane: ControlPlane) -> None:
    await device.sessions.create(SessionSpec("kept", Path("project"), session_id="kept"))
    async with running(device.services, device.folder, plane.url):
        hub = await plane.connected()
        await hub.event("session.snapshot")
    hello, health, snapshot = list(hub.journal.messages())[:3]
    assert [m["type"] for m in (hello, health, snapshot)] == ["gateway.hello", "gateway.health", "session.snapshot"]
    assert hello["system_info"]["cpus"] == os.cpu_count()
    assert hello["hostname"] == os.uname().nodename
    assert 0 < health["ram_used_bytes"] < health["ram_total_bytes"]
    assert [active["session_id"] for active in health["active_sessions"]] == ["kept"]
    assert (snapshot["session_id"], snapshot["cols"], snapshot["rows"]) == ("kept", 80, 24)


async def test_a_session_from_its_start_to_its_end(hub: DeviceLink, device: RealDevice) -> None:
    await _create(hub)
    await hub.binary_input(ONE, b"echo so-$((40+2)); pwd\n")
    await hub.output(ONE, b"so-42")
    await hub.output(ONE, str(device.work / "project").encode())
    frames = list(hub.journal.frames(ONE))
    assert [frame.seq for frame in frames] == list(range(frames[0].seq, frames[0].seq + len(frames)))
    assert max(len(frame.payload) for frame in frames) <= 16 * 1024

    mark = hub.journal.mark
    assert (await hub.command("session.resize", session_id=ONE, cols=100, rows=31)).ok
    await hub.event("session.snapshot", after=mark, where=lambda m: (m["cols"], m["rows"]) == (100, 31))
    assert (await hub.text_input(ONE, b"stty size\n")).ok
    await hub.output(ONE, b"31 100", after=mark)

    shown = (await hub.command("session.snapshot", session_id=ONE)).event("session.snapshot")
    assert "so-42" in shown["content"]
    assert shown["cursor_visible"] is True
    assert shown["alternate_on"] is False
    assert shown["seq"] == _next_frame(hub, ONE)

    pid = next(hub.journal.messages("session.started"))["pid"]
    assert await asyncio.to_thread(Path(f"/proc/{pid}").exists)
    ended = await hub.command("session.end", session_id=ONE)
    assert ended.ok
    assert len(list(hub.journal.messages("session.ended"))) == 1
    assert not await asyncio.to_thread(Path(f"/proc/{pid}").exists)
    again = await hub.command("session.snapshot", session_id=ONE)
    assert "so-42" in again.event("session.snapshot")["content"], "the last screen of an ended session is kept"


def _next_frame(hub: DeviceLink, session_id: str) -> int:
    """The number of the frame that follows the last snapshot that was asked for."""
    expected = 0
    for item in hub.journal.items:
        if isinstance(item, Frame) and item.session_id == session_id:
            expected = item.seq + 1
        elif isinstance(item, dict) and item["type"] == "session.snapshot":
            expected = int(item["seq"])
            if "request_id" in item:
                return expected
    raise AssertionError("no snapshot was asked for")


async def test_a_program_that_exits_tells_its_code_after_its_last_output(hub: DeviceLink) -> None:
    await _create(hub)
    await hub.binary_input(ONE, b"echo la''st; exit 7\n")
    ended = await hub.event("session.ended")
    assert ended["exit_code"] == 7
    await hub.output(ONE, b"last", within=1)
    assert hub.journal.items[-1] == ended
    refused = await hub.text_input(ONE, b"more")
    assert not refused.ok
    assert "over" in refused.error


async def test_a_large_paste_arrives_whole(hub: DeviceLink, device: RealDevice) -> None:
    await _create(hub)
    data = b"".join(b"%07d\n" % number for number in range(128 * 1024))
    command = f"stty -echo -icanon; printf 'rea''dy\\n'; head -c {len(data)} | sha256sum\n"
    await hub.binary_input(ONE, command.encode())
    await hub.output(ONE, b"ready")
    for start in range(0, len(data), 48 * 1024):
        await hub.binary_input(ONE, data[start : start + 48 * 1024])
    await hub.output(ONE, hashlib.sha256(data).hexdigest().encode(), within=30)
    entries = await device.audit.entries(action="session.control")
    assert [(entry.who, entry.source, entry.target) for entry in entries] == [("hub", "hub", ONE)]


async def test_a_dropped_link_leaves_sessions_alone_and_shows_them_again(
    hub: DeviceLink, device: RealDevice, plane: ControlPlane
) -> None:
    await _create(hub)
    await hub.binary_input(ONE, b"echo be''fore\n")
    await hub.output(ONE, b"before")
    hub.drop()
    await device.sessions.input(ONE, b"echo aw''ay\n")
    again = await plane.connected(2)
    first = await again.event("session.snapshot")
    assert first["session_id"] == ONE
    assert "request_id" not in first
    await again.binary_input(ONE, b"echo ba''ck\n")
    await again.output(ONE, b"back")
    screen = (await again.command("session.snapshot", session_id=ONE)).event("session.snapshot")
    assert "before" in screen["content"]
    assert "away" in screen["content"]


async def test_a_daemon_that_restarts_shows_the_same_sessions(folder: Path, plane: ControlPlane) -> None:
    async with real_device(folder) as device, running(device.services, folder, plane.url):
        hub = await plane.connected()
        await _create(hub)
        await hub.binary_input(ONE, b"echo be''fore\n")
        await hub.output(ONE, b"before")
    async with real_device(folder) as device, running(device.services, folder, None):
        again = await plane.connected(2)
        snapshot = await again.event("session.snapshot")
        assert "before" in snapshot["content"]
        await again.binary_input(ONE, b"echo af''ter\n")
        await again.output(ONE, b"after")


async def test_files_keys_and_folders(hub: DeviceLink, device: RealDevice) -> None:
    data = os.urandom(300_000)
    pieces = [data[start : start + 128 * 1024] for start in range(0, len(data), 128 * 1024)]
    begin = await hub.command(
        "file.upload.begin", transfer_id="u", dest_path="project/in.bin", size=len(data), total_chunks=len(pieces)
    )
    assert begin.ok, begin.error
    for seq, piece in enumerate(pieces):
        text = base64.b64encode(piece).decode()
        assert (await hub.command("file.upload.chunk", transfer_id="u", seq=seq, data=text)).ok
    assert (await hub.command("file.upload.end", transfer_id="u")).ok
    assert await asyncio.to_thread((device.work / "project/in.bin").read_bytes) == data
    down = await hub.command("file.download", transfer_id="d", path="project/in.bin")
    chunks = [event["data"] for event in down.events if event["type"] == "file.content.chunk"]
    assert b"".join(map(base64.b64decode, chunks)) == data

    assert (await hub.command("workspace.list")).event("workspace.folders")["folders"] == ["project"]

    added = await hub.command("ssh.authorize", public_key=KEY, label="laptop", expires_at="2099-01-01T00:00:00Z")
    assert added.ok, added.error
    (key,) = (await hub.command("ssh.list")).event("ssh.keys")["keys"]
    assert (key["label"], key["algorithm"], key["expires_at"]) == ("laptop", "ssh-ed25519", "2099-01-01T00:00:00Z")
    assert KEY.split()[1] in await asyncio.to_thread((device.folder / "authorized_keys").read_text)
    assert (await hub.command("ssh.revoke", fingerprint=key["fingerprint"])).ok
    assert KEY.split()[1] not in await asyncio.to_thread((device.folder / "authorized_keys").read_text)

    update = await hub.command("gateway.update", url="https://example.org/x", sha256="0" * 64, version="2")
    assert update.event("gateway.update_failed")["error"] == REASON

    actions = [(e.action, e.target, e.result, e.source) for e in await device.audit.entries()][::-1]
    assert actions == [
        ("file.upload.begin", "project/in.bin", "ok", "hub"),
        ("file.upload", "project/in.bin", "ok", "hub"),
        ("file.download", "project/in.bin", "ok", "hub"),
        ("ssh.authorize", key["fingerprint"], "ok", "hub"),
        ("ssh.revoke", key["fingerprint"], "ok", "hub"),
        ("gateway.update", "2", str(ProblemCode.UPDATE_UNAVAILABLE), "hub"),
    ]


async def test_an_agent_cli_is_installed_by_npm(folder: Path, plane: ControlPlane) -> None:
    catalog = {"codex": await asyncio.to_thread(codex, folder)}
    async with real_device(folder, catalog) as device, running(device.services, folder, plane.url):
        hub = await plane.connected()
        (before,) = (await hub.command("agents.list")).event("agents.status")["agents"]
        assert (before["agent"], before["installed"]) == ("codex", False)
        installed = await hub.command("agents.install", agent="codex", within=60)
        assert "1.2.3" in installed.event("agent.installed")["version"]
        (after,) = (await hub.command("agents.list")).event("agents.status")["agents"]
        assert after["installed"] is True
        (entry,) = await device.audit.entries()
        assert (entry.action, entry.target, entry.result, entry.who) == ("agent.install", "codex", "ok", "hub")


async def test_real_refusals_keep_the_link(hub: DeviceLink, device: RealDevice) -> None:
    await _create(hub)
    await asyncio.to_thread((device.work / "out").symlink_to, "/etc")
    refusals = [
        await hub.command("session.create", session_id="two", name=ONE, workdir="project", agent="none"),
        await hub.command("session.create", session_id=ONE, name="two", workdir="project", agent="none"),
        await hub.command("session.create", session_id="two", name="two", workdir="nowhere", agent="none"),
        await hub.command("session.create", session_id="two", name="two", workdir="project", agent="gemini"),
        await hub.command("file.download", transfer_id="t", path="../hutch.db"),
        await hub.command("file.download", transfer_id="t", path="out/passwd"),
        await hub.command("file.upload.begin", transfer_id="t", dest_path="out/x", size=1, total_chunks=1),
        await hub.command("file.upload.chunk", transfer_id="none", seq=0, data=""),
        await hub.command("ssh.authorize", public_key="ssh-ed25519 AAAA", label="x"),
        await hub.command("session.ack", session_id="none", seq=0),
    ]
    assert [answer.ok for answer in refusals] == [False] * len(refusals)
    assert all(len(answer.error) > 15 for answer in refusals)
    await hub.binary_input(ONE, b"echo sti''ll\n")
    await hub.output(ONE, b"still")


async def test_a_stalled_hub_does_not_slow_a_local_viewer(hub: DeviceLink, device: RealDevice) -> None:
    await _create(hub)
    hub.stall()
    async with device.sessions.attach(ONE, name="local") as local:
        items = aiter(local)
        assert isinstance(await anext(items), Snapshot)
        await device.sessions.input(ONE, b"seq 1 300000; echo en''d\n")
        seen = bytearray()
        async with asyncio.timeout(30):
            while b"end\r\n" not in seen[-100:]:
                seen += getattr(await anext(items), "payload", b"")
    assert b"\r\n300000\r\nend\r\n" in seen
    hub.resume()
    await hub.journal.until(lambda: "300000" in _last_screen(hub, ONE), "the last screen", 10)
    await hub.binary_input(ONE, b"echo al''ive\n")
    await hub.output(ONE, b"alive")
    received = sum(len(frame.payload) for frame in hub.journal.frames(ONE))
    assert received <= len(seen) + 1000


def _last_screen(hub: DeviceLink, session_id: str) -> str:
    """What a viewer at the hub would have on its screen, roughly: the last snapshot and what came after it."""
    screen = ""
    for item in hub.journal.items:
        if isinstance(item, Frame):
            screen += item.payload.decode(errors="replace")
        elif item["type"] == "session.snapshot" and item["session_id"] == session_id:
            screen = item["content"]
    return screen[-5000:]

"""What the owner of a device lets its hub do, and what the hub is told without asking."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.events.types import SessionChanged
from gateway.host.types import Health
from gateway.hub_link.link import HubLink
from gateway.sessions.types import SessionSpec, SessionStatus
from gateway.updates.types import Rollback
from protocol.events import PERMISSIONS, Permission
from provisioning.hub_memory import HubMemory, HubMemoryFile
from tests.doubles.control_plane import ControlPlane, DeviceLink
from tests.integration.hub_link.memory import FixedSampler, MemoryDevice, MemorySession, RefusingUpdater
from tests.integration.hub_link.rig import running, status

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

ONE_OF_EACH: dict[Permission, tuple[str, dict[str, Any]]] = {
    "terminals": ("session.snapshot", {"session_id": "one"}),
    "files": ("workspace.list", {}),
    "keys": ("ssh.list", {}),
    "agents": ("agents.list", {}),
    "update": ("gateway.update", {"url": "https://hub.example/x", "sha256": "0f" * 32, "version": "9"}),
    "health": ("key.rotate", {}),
}


def holder(session: MemorySession) -> str | None:
    return session.control.holder


async def greeted(plane: ControlPlane, number: int = 1) -> DeviceLink:
    hub = await plane.connected(number)
    await hub.event("gateway.health")
    return hub


@pytest.mark.parametrize("allowed", list(ONE_OF_EACH))
async def test_each_permission_opens_its_commands_and_no_others(
    plane: ControlPlane, memory: MemoryDevice, link: HubLink, hub: DeviceLink, allowed: Permission
) -> None:
    await memory.sessions.create(SessionSpec("one", Path("work"), session_id="one"))
    await link.allow([allowed])
    policy = await hub.event("gateway.policy")
    assert policy["allows"] == [name for name in PERMISSIONS if name in ("health", allowed)]
    for permission, (kind, fields) in ONE_OF_EACH.items():
        answer = await hub.command(kind, **fields)
        said = answer.error or "".join(str(event.get("error", "")) for event in answer.events)
        assert ("does not let the hub" in said) == (permission not in ("health", allowed)), kind
    assert plane.links == [hub], "a change of the terms does not cost the connection"


async def test_a_refusal_is_in_the_audit_log(memory: MemoryDevice, link: HubLink, hub: DeviceLink) -> None:
    await link.allow([])
    refused = await hub.command("ssh.authorize", public_key="ssh-ed25519 AAAA me", label="mine")
    assert not refused.ok
    assert ("ssh.authorize", "mine", "forbidden") in memory.audit.records
    assert memory.ssh_keys.keys == []


async def test_without_terminals_the_hub_sees_no_screen_and_types_nothing(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    await asyncio.to_thread(HubMemoryFile(tmp_path / "hub-memory.json").write, HubMemory(allows=("health",)))
    await memory.sessions.create(SessionSpec("one", Path("work"), session_id="one"))
    session = memory.sessions.at("one")
    session.info = replace(session.info, title="secret title")
    session.write(b"secret screen")
    async with running(memory.services, tmp_path, plane.url) as link:
        hub = await greeted(plane)
        await status(link, memory.bus, "online")
        session.write(b"more")
        await hub.binary_input("one", b"rm -rf /\r")
        error = await hub.event("session.error")
        assert "does not let the hub" in error["error"]
        hello, health = list(hub.journal.messages())[:2]
        assert hello["allows"] == ["health"]
        assert [active.get("title") for active in health["active_sessions"]] == [None]
        assert [active["name"] for active in health["active_sessions"]] == ["one"]
    assert session.typed == b""
    assert not list(hub.journal.messages("session.snapshot"))
    assert not list(hub.journal.frames())


async def test_terminals_come_and_go_as_the_owner_says(memory: MemoryDevice, link: HubLink, hub: DeviceLink) -> None:
    await memory.sessions.create(SessionSpec("one", Path("work"), session_id="one"))
    session = memory.sessions.at("one")
    await hub.event("session.snapshot")
    await hub.binary_input("one", b"x")
    await hub.output("one", b"x")
    assert holder(session) == "hub"
    await link.allow(["files"])
    await hub.event("gateway.policy")
    await hub.command("workspace.list")
    assert holder(session) is None
    mark = hub.journal.mark
    session.write(b"hidden")
    await link.allow(PERMISSIONS)
    again = await hub.event("session.snapshot", after=mark)
    assert again["content"] == "xhidden"
    assert not list(hub.journal.frames(after=mark))
    session.write(b"seen")
    await hub.output("one", b"seen", after=mark)


async def test_what_is_allowed_outlives_a_restart_and_the_hub(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    async with running(memory.services, tmp_path, plane.url) as link:
        await greeted(plane)
        await link.allow(["pages"])
        await link.configure(None)
        assert link.status.allows == ("health", "pages")
    async with running(memory.services, tmp_path, plane.url):
        hub = await greeted(plane, 2)
        assert next(hub.journal.messages("gateway.hello"))["allows"] == ["health", "pages"]


async def test_terms_that_cannot_be_read_allow_nothing_but_health(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    (tmp_path / "hub-memory.json").write_bytes(b"?")
    async with running(memory.services, tmp_path, plane.url) as link:
        hub = await greeted(plane)
        assert link.status.allows == ("health",)
        assert not (await hub.command("agents.list")).ok


async def test_a_session_that_changes_is_told_at_once_and_not_in_a_flood(memory: MemoryDevice, hub: DeviceLink) -> None:
    await memory.sessions.create(SessionSpec("one", Path("work"), agent="codex", session_id="one"))
    session = memory.sessions.at("one")
    session.info = replace(session.info, status=SessionStatus.WAITING, title="May I?")
    changed = SessionChanged(
        session_id="one", name="one", status=SessionStatus.WAITING, title="May I?", cols=80, rows=24
    )
    memory.bus.publish(changed)
    told = (await hub.event("session.changed"))["session"]
    assert told == {
        "session_id": "one",
        "last_activity_at": "2026-11-21T08:00:00Z",
        "name": "one",
        "agent": "codex",
        "status": "waiting",
        "title": "May I?",
        "workdir": "work",
    }
    for number in range(50):
        session.info = replace(session.info, title=f"spin {number}")
        memory.bus.publish(changed)
    memory.bus.publish(changed.model_copy(update={"session_id": "gone"}))
    last = await hub.event("session.changed", where=lambda m: m["session"].get("title") == "spin 49")
    assert len(list(hub.journal.messages("session.changed"))) <= 3
    assert last["session"]["session_id"] == "one"


class Hot(FixedSampler):
    """A device that is too warm."""

    def sample(self) -> Health:
        return replace(super().sample(), temperature_celsius=81.5, throttled=True)


async def test_heat_a_rollback_and_agents_that_are_away_are_told(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    updater = RefusingUpdater()
    updater.rollback = Rollback("1.2.3", "The web did not answer.", NOON)
    services = replace(memory.services, sampler=Hot(), updater=updater, agents_reached=lambda: False)
    async with running(services, tmp_path, plane.url):
        hub = await greeted(plane)
        hello, health = list(hub.journal.messages())[:2]
    assert (health["temperature_celsius"], health["throttled"], health["agents_away"]) == (81.5, True, True)
    assert hello["rollback"] == {
        "version": "1.2.3",
        "reason": "The web did not answer.",
        "at": "2026-11-21T12:00:00Z",
    }

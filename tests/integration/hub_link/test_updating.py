"""What a hub hears of an update: in place, tried, committed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from gateway.updates.types import UpdatePhase, UpdateState
from tests.doubles.control_plane import ControlPlane
from tests.integration.hub_link.memory import MemoryDevice, RefusingUpdater
from tests.integration.hub_link.rig import running
from tests.integration.hub_link.test_policy import greeted


class WorkingUpdater(RefusingUpdater):
    """One that installs, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.restarted = asyncio.Event()

    async def install(self, url: str, sha256: str, version: str) -> str:
        self.asked.append(f"{url} {sha256[:4]}")
        return version

    async def restart(self) -> None:
        self.asked.append("restart")
        self.restarted.set()

    def state(self) -> UpdateState:
        return UpdateState(self.phase)


async def test_an_update_is_answered_when_it_is_in_place_and_then_started(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    updater = WorkingUpdater()
    async with running(replace(memory.services, updater=updater), tmp_path, plane.url):
        hub = await greeted(plane)
        answer = await hub.command("gateway.update", url="https://example.org/x", sha256="A" * 64, version="9.9")
        assert answer.event("gateway.updated")["version"] == "9.9"
        assert answer.acks == []
        async with asyncio.timeout(5):
            await updater.restarted.wait()
    assert updater.asked == ["https://example.org/x aaaa", "restart"]
    assert memory.audit.records == [("gateway.update", "9.9", "ok")]


async def test_a_version_that_is_tried_says_so_until_it_is_committed(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    updater = WorkingUpdater()
    updater.phase = UpdatePhase.TRYING
    async with running(replace(memory.services, updater=updater), tmp_path, plane.url) as link:
        hub = await greeted(plane)
        (trying,) = hub.journal.messages("gateway.hello")
        updater.phase = UpdatePhase.IDLE
        link.greet_again()
        again = await plane.connected(2)
        await again.event("gateway.health")
        (committed,) = again.journal.messages("gateway.hello")
    assert trying["version"] == f"{committed['version']}+trying"
    assert "+" not in committed["version"]

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.hub_link.link import HubLink
from tests.doubles.control_plane import ControlPlane, DeviceLink
from tests.integration.hub_link.memory import MemoryDevice
from tests.integration.hub_link.rig import running


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again after hundredths of a second; how long the waits really are is tested with the state machine."""
    monkeypatch.setattr("protocol.link.backoff.BACKOFF_FIRST", 0.02)
    monkeypatch.setattr("protocol.link.backoff.BACKOFF_MOST", 0.2)


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with ControlPlane() as plane:
        yield plane


@pytest.fixture
async def memory() -> MemoryDevice:
    return MemoryDevice()


@pytest.fixture
async def link(plane: ControlPlane, memory: MemoryDevice, tmp_path: Path) -> AsyncIterator[HubLink]:
    async with running(memory.services, tmp_path, plane.url) as link:
        yield link


@pytest.fixture
async def hub(plane: ControlPlane, link: HubLink) -> DeviceLink:
    assert link.status.state != "online"
    connected = await plane.connected()
    await connected.event("gateway.health")
    return connected

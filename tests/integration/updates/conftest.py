"""Fixtures: keys, a machine, and an updater that works on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.updates.device import UpdatedDevice
from tests.integration.updates.machine import Machine
from tests.integration.updates.signing import Authority, Signer


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that the machine trusts."""
    return Authority(tmp_path_factory.mktemp("keys"), "trusted")


@pytest.fixture(scope="session")
def signer(authority: Authority) -> Signer:
    """Who signs releases."""
    return authority.signer("releases")


@pytest.fixture(scope="session")
def mounts() -> None:
    """RAUC mounts the bundle it installs, which root may, and not in every container."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a bundle, as RAUC does")
    if not Path("/dev/loop-control").exists():
        pytest.skip("a bundle cannot be mounted here: there are no loop devices")


@pytest.fixture
async def machine(mounts: None, tmp_path: Path, authority: Authority) -> AsyncIterator[Machine]:
    """A machine that runs from slot A."""
    machine = Machine(tmp_path / "machine", authority.certificate)
    async with machine.running():
        yield machine


@pytest.fixture
async def device(tmp_path: Path, machine: Machine) -> AsyncIterator[UpdatedDevice]:
    """A device of version 0.1.0 on that machine."""
    device = UpdatedDevice(tmp_path, machine)
    await device.start("0.1.0")
    try:
        yield device
    finally:
        await device.stop()

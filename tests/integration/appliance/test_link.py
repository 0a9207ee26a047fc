"""A real daemon and a scripted hub: from ``hutch run --hub`` to a device that works there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from provisioning.device_key import DeviceKeyFile
from tests.device_process import DeviceProcess
from tests.doubles.control_plane import ControlPlane
from tests.doubles.control_plane.keys import CODE


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with ControlPlane() as plane:
        yield plane


async def hutch(device: DeviceProcess, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance.cli.main", *words, "--data", str(device.data)]
    return await asyncio.to_thread(
        subprocess.run, command, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


async def claim(device: DeviceProcess, plane: ControlPlane) -> None:
    keys = await asyncio.to_thread(DeviceKeyFile(device.data / "device-key.json").ensure)
    plane.desk.claim(keys.device_id, keys.current.public)


async def test_the_address_of_a_hub_is_enough(plane: ControlPlane, tmp_path: Path) -> None:
    device = DeviceProcess(tmp_path / "data", {"HUTCH_HUB": plane.url})
    try:
        await asyncio.to_thread(device.start)
        link = await plane.connected()
        proof = await link.event("gateway.proof")
        assert "enrolment_token" not in proof
        while not (await hutch(device, "link", "show")).stdout.count(CODE):
            assert link.close_code is None
        shown = await hutch(device, "status")
        assert "hub unclaimed" in shown.stdout
        assert CODE in shown.stdout
        await claim(device, plane)
        await link.event("gateway.health")
        assert "hub online" in (await hutch(device, "link", "show")).stdout
        refused = await hutch(device, "link", "leave")
        assert "settings file or environment" in refused.stderr
    finally:
        await asyncio.to_thread(device.close)
    assert any(CODE in line and "Claim this device" in line for line in device.logged)
    for line in device.logged:
        assert not (CODE in line and line.startswith("{")), "the code is for the console, not for the log"


async def test_joined_allowed_changed_and_left_from_the_command_line(plane: ControlPlane, tmp_path: Path) -> None:
    device = DeviceProcess(tmp_path / "data")
    try:
        await asyncio.to_thread(device.start)
        joined = await hutch(device, "link", "join", plane.url)
        assert joined.returncode == 0, joined.stderr
        assert CODE in joined.stdout
        await claim(device, plane)
        link = await plane.connected()
        await link.event("gateway.health")
        allowed = await hutch(device, "link", "allow", "terminals,files")
        assert "health, terminals, files" in allowed.stdout
        assert (await link.event("gateway.policy"))["allows"] == ["health", "terminals", "files"]
        assert "allows" in (await hutch(device, "link", "allow", "everything")).stderr
        assert (await hutch(device, "link", "rotate-key")).returncode == 0
        rotated = await link.event("key.rotated")
        await plane.desk.accept(link, rotated["public_key"])
        assert (await hutch(device, "link", "leave")).returncode == 0
        assert "hub off" in (await hutch(device, "link", "show")).stdout
        plane.desk.batches.add("hutch_batch_x")
        plane.desk.known.clear()
        batch = await hutch(device, "link", "join", plane.url, "--token-stdin", stdin="hutch_batch_x\n")
        assert batch.returncode == 0, batch.stderr
        assert "hub online" in batch.stdout
        assert "hutch_batch_x" not in "".join(device.logged)
    finally:
        await asyncio.to_thread(device.close)

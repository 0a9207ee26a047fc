"""The whole daemon and the hutch command on a machine with the real RAUC."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from appliance.updates.state import StateFiles, boot_id
from appliance.version import VERSION
from tests.device_process import DeviceProcess
from tests.integration.updates.machine import Machine
from tests.integration.updates.signing import Authority, Signer, make_bundle


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path: the bus is a socket in it."""
    place = Path(tempfile.mkdtemp(prefix="hutch-machine-"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
async def machine(place: Path, authority: Authority) -> AsyncIterator[Machine]:
    machine = Machine(place / "machine", authority.certificate)
    async with machine.running():
        yield machine


@pytest.fixture
async def daemon(place: Path, machine: Machine) -> AsyncIterator[DeviceProcess]:
    daemon = DeviceProcess(
        place / "data",
        {
            "HUTCH_RAUC_CONFIG": str(machine.folder / "system.conf"),
            "HUTCH_BOOT_FOLDER": str(place / "hutch-boot"),
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={machine.folder}/bus",
        },
    )
    await asyncio.to_thread(daemon.start)
    try:
        yield daemon
    finally:
        await asyncio.to_thread(daemon.close)


async def hutch(daemon: DeviceProcess, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command beside the daemon."""
    command = [sys.executable, "-m", "appliance.cli.main", *words, "--data", str(daemon.data)]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, env={**os.environ}, check=False
    )


async def test_from_a_file_over_the_command_line_to_the_way_back(
    daemon: DeviceProcess, machine: Machine, signer: Signer, place: Path
) -> None:
    before = await hutch(daemon, "update", "status")
    assert before.stdout.splitlines()[:2] == [f"Hutch {VERSION} runs", f"  A: {VERSION} (runs,next,good)"]
    bundle = place / "hutch-0.2.0-arm64.raucb"
    image = await asyncio.to_thread(make_bundle, bundle, signer, size=1_500_000)
    done = await hutch(daemon, "update", "install", str(bundle))
    assert (done.returncode, done.stdout) == (
        0,
        "Version 0.2.0 is in place. Start it with: hutch update restart\n",
    ), done.stderr
    assert machine.slot("B", len(image)) == image
    status = await hutch(daemon, "status")
    assert "version 0.2.0 is installed and runs after a restart: hutch update restart" in status.stdout
    restart = await hutch(daemon, "update", "restart")
    assert restart.stdout == "The device restarts into 0.2.0.\n"
    assert machine.logind.reboots == 1

    # The machine comes back with the old version, and without a line in the boot folder.
    await asyncio.to_thread(daemon.stop)
    files = StateFiles(daemon.data / "updates")
    record = await asyncio.to_thread(files.read)
    assert record.trial is not None
    assert record.trial.boot_id == await asyncio.to_thread(boot_id)
    moved = record.model_copy(update={"trial": record.trial.model_copy(update={"boot_id": "before"})})
    await asyncio.to_thread(files.write, moved)
    await asyncio.to_thread(daemon.start)
    status = await hutch(daemon, "status")
    assert "the update to 0.2.0 was taken back on " in status.stdout
    assert f"{VERSION} runs" in status.stdout
    assert "was never seen to start: slot B" in status.stdout
    told = json.loads((await hutch(daemon, "update", "status", "--json")).stdout)
    assert (told["rollback"]["version"], told["running"], told["state"]["phase"]) == ("0.2.0", VERSION, "idle")


async def test_a_refused_bundle_says_why_on_the_command_line(
    daemon: DeviceProcess, machine: Machine, place: Path
) -> None:
    bundle = place / "bad.raucb"
    await asyncio.to_thread(bundle.write_bytes, b"no bundle" * 10_000)
    failed = await hutch(daemon, "update", "install", str(bundle))
    assert failed.returncode == 1
    assert "This is no whole bundle" in failed.stderr
    gone = await hutch(daemon, "update", "install", str(place / "gone.raucb"))
    assert "cannot be read" in gone.stderr
    nowhere = await hutch(daemon, "update", "check")
    assert "There is no update channel" in nowhere.stderr
    nothing = await hutch(daemon, "update", "restart")
    assert "No update waits for a restart" in nothing.stderr
    assert machine.primary == "A"
    assert "the last update failed: This is no whole bundle" in (await hutch(daemon, "status")).stdout

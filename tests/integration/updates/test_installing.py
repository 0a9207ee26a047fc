"""A whole update over the real RAUC: into the other slot, tried, kept or taken back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from appliance.updates.verdict import CheckResult
from gateway.events.types import UpdateChanged
from gateway.updates.types import UpdatePhase
from protocol.problems import Problem, ProblemCode
from tests.integration.updates.device import UpdatedDevice
from tests.integration.updates.signing import Signer, make_bundle


async def _bundle(device: UpdatedDevice, signer: Signer, version: str = "0.2.0") -> tuple[Path, bytes]:
    path = device.stick / f"hutch-{version}-arm64.raucb"
    return path, make_bundle(path, signer, version=version)


async def test_a_bundle_is_written_to_the_other_slot_and_is_next(device: UpdatedDevice, signer: Signer) -> None:
    bundle, image = await _bundle(device, signer)
    assert await device.updater.install_file(bundle) == "0.2.0"
    assert device.machine.slot("B", len(image)) == image
    assert device.machine.primary == "B"
    running, other = await device.updater.slots()
    assert (running.name, running.version, running.running, running.next) == ("A", "0.1.0", True, False)
    assert (other.name, other.version, other.running, other.next) == ("B", "0.2.0", False, True)
    assert device.phases() == ["idle", "verifying", "installing", "installed"]
    percents = [e.percent for e in device.recorder.events if isinstance(e, UpdateChanged) and e.phase == "installing"]
    assert percents == sorted(percents)
    assert percents[-1] == 100


async def test_it_is_committed_only_after_the_boot_checks(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    await device.updater.restart()
    assert device.machine.logind.reboots == 1
    assert device.updater.state().phase is UpdatePhase.RESTARTING
    await device.restart_machine("B", "0.2.0")
    assert device.updater.state().phase is UpdatePhase.TRYING
    assert (device.machine.folder / "state-B").read_text() == "bad"  # RAUC's word for a slot nobody vouches for
    await device.judge()
    await device.until(UpdatePhase.IDLE)
    assert (device.machine.folder / "state-B").read_text() == "good"
    assert device.updater.last_rollback() is None


async def test_a_verdict_of_an_earlier_boot_commits_nothing(device: UpdatedDevice, signer: Signer) -> None:
    await device.judge()
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    await device.restart_machine("B", "0.2.0")
    await device.judge(CheckResult(name="page", verdict="fail", text="It does not answer."))
    await device.stop()
    assert device.updater.state().phase is UpdatePhase.TRYING
    assert (device.machine.folder / "state-B").read_text() == "bad"


async def test_failed_checks_are_the_reason_for_the_way_back(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    await device.restart_machine("B", "0.2.0")
    await device.judge(CheckResult(name="page", verdict="fail", text="It answered 500."))
    await device.restart_machine("A", "0.1.0")
    back = device.updater.last_rollback()
    assert back is not None
    assert device.machine.primary == "A"  # the next start is not another try
    assert back.version == "0.2.0"
    assert back.reason == "Version 0.2.0 started, and its checks failed. Page: It answered 500."
    assert device.updater.state().phase is UpdatePhase.IDLE
    # It is still there after one more restart, and gone once another update went well.
    await device.restart_machine("A", "0.1.0")
    assert device.updater.last_rollback() == back
    better = device.stick / "better.raucb"
    make_bundle(better, signer, version="0.2.1")
    await device.updater.install_file(better)
    await device.restart_machine("B", "0.2.1")
    await device.judge()
    await device.until(UpdatePhase.IDLE)
    assert device.updater.last_rollback() is None


async def test_a_version_that_hangs_is_told_apart(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    for _ in range(3):
        await device.restart_machine("B", "0.2.0")
    await device.restart_machine("A", "0.1.0")
    back = device.updater.last_rollback()
    assert back is not None
    assert "was started 3 times and did not get through its checks" in back.reason


async def test_a_version_that_panics_is_told_apart(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    await device.restart_machine("B", "0.2.0")
    (device.boot / "pstore").mkdir()
    (device.boot / "pstore" / "dmesg.txt").write_text("[1.0] Kernel panic - not syncing: VFS: no root\n[1.1] more")
    await device.restart_machine("A", "0.1.0")
    back = device.updater.last_rollback()
    assert back is not None
    assert back.reason == "Version 0.2.0 was started, and its kernel stopped: VFS: no root."


async def test_a_version_that_never_started_is_told_apart(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    await device.restart_machine("A", "0.1.0")
    back = device.updater.last_rollback()
    assert back is not None
    assert "was never seen to start: slot B" in back.reason


async def test_what_waits_is_known_after_a_restart_of_the_daemon(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    await device.stop()
    await device.start("0.1.0")
    state = device.updater.state()
    assert (state.phase, state.version) == (UpdatePhase.INSTALLED, "0.2.0")
    assert device.updater.last_rollback() is None


async def test_an_older_bundle_needs_to_be_asked_for(device: UpdatedDevice, signer: Signer) -> None:
    bundle, image = await _bundle(device, signer, "0.0.9")
    with pytest.raises(Problem) as refused:
        await device.updater.install_file(bundle)
    assert refused.value.code is ProblemCode.CONFLICT
    assert refused.value.message.startswith("0.0.9 is older than 0.1.0")
    assert device.machine.slot("B", 4) == bytes(4)
    assert await device.updater.install_file(bundle, downgrade=True) == "0.0.9"
    assert device.machine.slot("B", len(image)) == image


async def test_the_running_version_is_not_installed_again(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer, "0.1.0")
    with pytest.raises(Problem) as refused:
        await device.updater.install_file(bundle, downgrade=True)
    assert refused.value.code is ProblemCode.CONFLICT


async def test_rauc_that_dies_is_a_failed_update_and_not_a_hang(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    device.machine.stop_rauc()
    with pytest.raises(Problem) as refused:
        await device.updater.install_file(bundle)
    assert refused.value.code is ProblemCode.UPDATE_UNAVAILABLE
    assert device.updater.state().phase is UpdatePhase.FAILED


async def test_bundles_on_a_stick_are_found(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    (device.stick / "holiday.jpg").write_bytes(b"x")
    (device.stick / "link.raucb").symlink_to(bundle)
    assert [medium.path for medium in await device.updater.media()] == [bundle]
    assert await device.updater.install_file(bundle) == "0.2.0"
    assert bundle.exists()  # it belongs to a person


async def test_every_good_start_is_marked_good(device: UpdatedDevice) -> None:
    loader = device.machine.folder / "state-A"
    await asyncio.to_thread(loader.write_text, "bad")  # an attempt was counted down by the boot loader
    await device.restart_machine("A", "0.1.0")
    assert await asyncio.to_thread(loader.read_text) == "bad"
    await device.judge()
    await device.settled()
    assert await asyncio.to_thread(loader.read_text) == "good"


async def test_an_installation_goes_on_without_the_daemon(device: UpdatedDevice, signer: Signer) -> None:
    bundle = device.stick / "hutch.raucb"
    make_bundle(bundle, signer, size=1_500_000)
    told = asyncio.Event()
    device.on_phase(UpdatePhase.INSTALLING, told)
    installing = asyncio.create_task(device.updater.install_file(bundle))
    await told.wait()
    record = await asyncio.to_thread(device.files.read)
    # The daemon is killed: nobody writes down how it goes on.
    installing.cancel()
    await asyncio.gather(installing, return_exceptions=True)
    await device.stop()
    await asyncio.to_thread(device.files.write, record)
    await device.start("0.1.0")
    await device.until_not(UpdatePhase.INSTALLING)
    # Whether RAUC had been told to begin by then or not, what is said is what is so.
    expected = UpdatePhase.INSTALLED if device.machine.primary == "B" else UpdatePhase.FAILED
    assert device.updater.state().phase is expected


async def test_the_slots_can_be_told_while_one_of_them_is_written(device: UpdatedDevice, signer: Signer) -> None:
    first, _ = await _bundle(device, signer, "0.2.0")
    bundle, _ = await _bundle(device, signer, "0.3.0")
    await device.updater.install_file(first)
    assert [(slot.version, slot.next) for slot in await device.updater.slots()] == [("0.1.0", False), ("0.2.0", True)]
    gate = device.machine.folder / "gate"
    await asyncio.to_thread(os.mkfifo, gate)
    installing = asyncio.create_task(device.updater.install_file(bundle))
    # Opened when RAUC comes to the boot loader, which then waits until it is closed.
    held = await asyncio.to_thread(gate.open, "w")
    with pytest.raises(Problem) as busy:
        await device.backend.slots()
    assert busy.value.code is ProblemCode.CONFLICT
    # The first of the two updates is being written over.
    assert [(slot.version, slot.next) for slot in await device.updater.slots()] == [("0.1.0", True), (None, False)]
    await asyncio.to_thread(gate.unlink)
    await asyncio.to_thread(held.close)
    await installing
    assert [(slot.version, slot.next) for slot in await device.updater.slots()] == [("0.1.0", False), ("0.3.0", True)]


async def test_a_power_cut_while_writing_is_no_rollback(device: UpdatedDevice, signer: Signer) -> None:
    bundle = device.stick / "hutch.raucb"
    make_bundle(bundle, signer)
    await device.updater.install_file(bundle)
    record = await asyncio.to_thread(device.files.read)
    await device.stop()
    await asyncio.to_thread(device.files.write, record.model_copy(update={"phase": UpdatePhase.INSTALLING}))
    await device.restart_machine("A", "0.1.0")
    assert device.updater.last_rollback() is None
    state = device.updater.state()
    assert (state.phase, "interrupted" in state.problem) == (UpdatePhase.FAILED, True)


async def test_a_bus_that_is_late_is_waited_for(device: UpdatedDevice, signer: Signer) -> None:
    bundle = device.stick / "hutch.raucb"
    make_bundle(bundle, signer)
    await device.updater.install_file(bundle)
    await device.stop()
    device.machine.stop_rauc()
    device.machine.boot_id = "later"
    await device.start("0.2.0")
    assert device.updater.last_rollback() is None
    await device.machine.boot("B")
    await device.until(UpdatePhase.TRYING)
    await device.judge()
    await device.until(UpdatePhase.IDLE)


@pytest.mark.parametrize("content", [b"", b"{", b'{"phase": "dancing"}', b"\x00" * 100_000])
async def test_a_damaged_state_file_does_not_stop_the_device(device: UpdatedDevice, content: bytes) -> None:
    await device.stop()
    for path in (device.files.state, device.files.rollback):
        await asyncio.to_thread(path.write_bytes, content)
    await device.start("0.1.0")
    assert device.updater.state().phase is UpdatePhase.IDLE
    assert device.updater.last_rollback() is None


async def test_a_bad_bundle_leaves_what_waits_for_the_restart(device: UpdatedDevice, signer: Signer) -> None:
    bundle, _ = await _bundle(device, signer)
    await device.updater.install_file(bundle)
    bad = device.stick / "bad.raucb"
    await asyncio.to_thread(bad.write_bytes, b"bad" * 1000)
    with pytest.raises(Problem):
        await device.updater.install_file(bad)
    state = device.updater.state()
    assert (state.phase, state.version, state.problem != "") == (UpdatePhase.INSTALLED, "0.2.0", True)
    await device.updater.restart()
    assert device.machine.logind.reboots == 1

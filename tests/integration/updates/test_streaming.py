"""Bundles installed from where they lie: only as what was announced, and downloaded whole where that does not work."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dbus_fast.signature import Variant

from appliance.updates.streaming import answers_ranges
from gateway.events.types import UpdateChanged
from gateway.updates.types import UpdatePhase
from protocol.problems import Problem, ProblemCode
from tests.integration.updates.device import UpdatedDevice
from tests.integration.updates.fake_rauc import MANIFEST, FakeRauc, contents, in_place_of
from tests.integration.updates.machine import Machine
from tests.integration.updates.server import FileServer
from tests.integration.updates.signing import Signer, make_bundle

CONTENT = b"sqsh" * 50_000
PROBE = 4
"""Bytes with which the server is tried."""


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with FileServer(CONTENT).running() as server:
        yield server


@pytest.fixture
async def rauc(machine: Machine) -> AsyncIterator[FakeRauc]:
    async with in_place_of(machine, FakeRauc()) as rauc:
        yield rauc


@pytest.fixture
async def device(tmp_path: Path, machine: Machine, rauc: FakeRauc) -> AsyncIterator[UpdatedDevice]:
    device = UpdatedDevice(tmp_path, machine)
    await device.start("0.1.0")
    try:
        yield device
    finally:
        await device.stop()


Place = tuple[UpdatedDevice, FakeRauc, FileServer]


@pytest.fixture
def place(device: UpdatedDevice, rauc: FakeRauc, server: FileServer) -> Place:
    return device, rauc, server


def _downloaded(device: UpdatedDevice, rauc: FakeRauc) -> bool:
    """Whether the last installation was from a file in the updates folder."""
    source, options = rauc.installed[-1]
    return source.startswith(str(device.folder)) and options == {}


async def test_it_is_installed_from_its_address_and_nothing_is_downloaded(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    assert await device.updater.install(server.url, "", "0.2.0") == "0.2.0"
    assert rauc.installed == [(server.url, {"require-manifest-hash": MANIFEST})]
    assert server.sent == PROBE
    assert device.phases() == ["idle", "verifying", "installing", "installed"]
    told = [event for event in device.recorder.events if isinstance(event, UpdateChanged)]
    assert (40, "Copying image to rootfs.1") in {(event.percent, event.detail) for event in told}
    assert await asyncio.to_thread(lambda: {path.name for path in device.folder.iterdir()}) == {"state.json"}
    record = await asyncio.to_thread(device.files.read)
    assert record.trial is not None
    assert (record.trial.version, record.trial.slot) == ("0.2.0", "B")


async def test_the_announced_manifest_stands_for_the_sha256(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    await device.updater.install(f"{server.url}#manifest={MANIFEST.upper()}", "0" * 64, "0.2.0")
    assert rauc.installed == [(server.url, {"require-manifest-hash": MANIFEST})]


async def test_a_sha256_alone_is_checked_by_a_whole_download(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    with pytest.raises(Problem) as refused:
        await device.updater.install(server.url, "0" * 64, "0.2.0")
    assert refused.value.code is ProblemCode.CHECKSUM_MISMATCH
    assert rauc.installed == []
    await device.updater.install(server.url, hashlib.sha256(CONTENT).hexdigest(), "0.2.0")
    assert _downloaded(device, rauc)


async def test_another_manifest_than_announced_is_refused(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    with pytest.raises(Problem) as refused:
        await device.updater.install(f"{server.url}#manifest={'0' * 64}", "", "0.2.0")
    assert refused.value.code is ProblemCode.CHECKSUM_MISMATCH
    assert (rauc.installed, server.sent) == ([], PROBE)


async def test_another_manifest_is_refused_after_a_download_too(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    server.knows_ranges = False
    with pytest.raises(Problem) as refused:
        await device.updater.install(f"{server.url}#manifest={'0' * 64}", "", "0.2.0")
    assert refused.value.code is ProblemCode.CHECKSUM_MISMATCH
    assert rauc.installed == []


@pytest.mark.parametrize(
    ("version", "told", "code"),
    [
        ("0.3.0", contents(), ProblemCode.BUNDLE_REFUSED),
        ("", contents(version="0.0.9"), ProblemCode.CONFLICT),
        ("", contents(version="0.1.0"), ProblemCode.CONFLICT),
        ("", contents(compatible="toaster"), ProblemCode.BUNDLE_REFUSED),
    ],
    ids=["another version", "older", "the same", "another device"],
)
async def test_what_is_checked_of_a_file_is_checked_here(
    place: Place, version: str, told: dict[str, Variant], code: ProblemCode
) -> None:
    device, rauc, server = place
    rauc.told = told
    with pytest.raises(Problem) as refused:
        await device.updater.install(server.url, "", version)
    assert refused.value.code is code
    assert (rauc.installed, server.sent) == ([], PROBE)
    assert device.updater.state().phase is UpdatePhase.FAILED


async def test_a_bundle_that_nobody_trusts_is_refused_before_it_is_downloaded(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    rauc.refuses["http"] = "signature verification failed: Verify error: unable to get local issuer certificate"
    with pytest.raises(Problem) as refused:
        await device.updater.install(server.url, "", "0.2.0")
    assert refused.value.code is ProblemCode.BUNDLE_REFUSED
    assert server.sent == PROBE


async def test_what_breaks_off_in_the_middle_is_downloaded(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    rauc.breaks["http"] = "Installation error: Failed updating slot rootfs.1: failed to copy chunk: Input/output error"
    assert await device.updater.install(server.url, "", "0.2.0") == "0.2.0"
    assert [source.partition(":")[0] == "http" for source, _ in rauc.installed] == [True, False]
    assert _downloaded(device, rauc)
    assert device.phases()[-5:] == ["installing", "downloading", "verifying", "installing", "installed"]


@pytest.mark.parametrize(("touches", "phase"), [(False, UpdatePhase.INSTALLED), (True, UpdatePhase.FAILED)])
async def test_what_waits_for_its_restart_does_so_until_it_is_written_over(
    place: Place, touches: bool, phase: UpdatePhase
) -> None:
    device, rauc, server = place
    await device.updater.install(server.url, "", "0.2.0")
    rauc.told, rauc.touches, rauc.breaks[""] = contents(version="0.3.0"), touches, "Input/output error"
    with pytest.raises(Problem):
        await device.updater.install(server.url, "", "0.3.0")
    state = device.updater.state()
    assert (state.phase, state.problem != "") == (phase, True)
    assert state.version == ("0.3.0" if touches else "0.2.0")


async def test_a_server_that_cannot_be_streamed_from_is_downloaded_from(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    rauc.refuses["http"] = "failed to configure streaming: range requests not supported by server"
    assert await device.updater.install(server.url, "", "0.2.0") == "0.2.0"
    assert _downloaded(device, rauc)


async def test_a_server_without_ranges_is_not_even_given_to_rauc(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    server.knows_ranges = False
    await device.updater.install(server.url, "", "0.2.0")
    assert _downloaded(device, rauc)
    assert not any(source.startswith("http") for source in rauc.inspected)


@pytest.mark.parametrize("adaptive", [(True, False), ()], ids=["one image is not", "no image"])
async def test_what_is_not_adaptive_is_downloaded(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer, adaptive: tuple[bool, ...]
) -> None:
    rauc.told = contents(adaptive=adaptive)
    await device.updater.install(server.url, "", "0.2.0")
    assert _downloaded(device, rauc)


async def test_a_secret_in_the_address_stays_out_of_another_program_s_log(
    device: UpdatedDevice, rauc: FakeRauc, server: FileServer
) -> None:
    for url in (f"{server.url}?token=swordfish", server.url.replace("//", "//me:swordfish@")):
        await device.updater.install(url, "", "0.2.0")
        assert _downloaded(device, rauc)
    assert not any("swordfish" in source for source in (*rauc.inspected, *dict(rauc.installed)))


async def test_the_real_old_rauc_is_given_a_download(
    tmp_path: Path, machine: Machine, signer: Signer, server: FileServer
) -> None:
    image = await asyncio.to_thread(make_bundle, tmp_path / "hutch.raucb", signer)
    server.content = await asyncio.to_thread((tmp_path / "hutch.raucb").read_bytes)
    device = UpdatedDevice(tmp_path, machine)
    await device.start("0.1.0")
    try:
        assert await device.updater.install(server.url, "", "0.2.0") == "0.2.0"
    finally:
        await device.stop()
    assert machine.slot("B", len(image)) == image


async def test_a_server_that_is_not_there_gives_no_ranges() -> None:
    assert not await answers_ranges("http://127.0.0.1:9/bundle")

"""The channel file, over a real server, and the whole way from it to the other slot."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator

import pytest

from appliance.updates.channel import ask_channel, is_offer
from gateway.updates.types import Release, UpdatePhase
from protocol.problems import Problem, ProblemCode
from tests.integration.updates.device import UpdatedDevice
from tests.integration.updates.server import FileServer
from tests.integration.updates.signing import Signer, make_bundle


def _file(**change: object) -> bytes:
    whole = {"version": "0.2.0", "url": "hutch.raucb", "sha256": "AB" * 32, "size": 7, "notes": "Mends.", "later": 1}
    return json.dumps({**whole, **change}).encode()


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with FileServer(_file()).running() as server:
        yield server


async def test_what_is_on_offer_is_read(server: FileServer) -> None:
    release = await ask_channel(server.url)
    base = server.url.removesuffix("bundle")
    assert release == Release("0.2.0", f"{base}hutch.raucb", "ab" * 32, 7, "Mends.")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        _file(version="newest"),
        _file(sha256="0"),
        _file(url="file:///etc/passwd"),
        _file(size=-1),
        _file(min_version="x"),
        _file(notes="x" * 20_000),
        b" " * 100_000,
    ],
)
async def test_what_is_no_channel_file_is_refused(server: FileServer, content: bytes) -> None:
    server.content = content
    with pytest.raises(Problem) as refused:
        await ask_channel(server.url)
    assert refused.value.code is ProblemCode.UNAVAILABLE


async def test_a_channel_that_is_not_reached_is_said_to_be() -> None:
    with pytest.raises(Problem) as refused:
        await ask_channel("http://127.0.0.1:9/stable.json")
    assert "The update channel cannot be read" in refused.value.message


def test_only_what_is_newer_is_on_offer() -> None:
    release = Release("0.2.0", "http://x", "")
    assert is_offer(release, "0.1.9")
    assert not is_offer(release, "0.2.0")
    assert not is_offer(release, "0.3.0")
    with pytest.raises(Problem) as refused:
        is_offer(Release("0.5.0", "http://x", "", min_version="0.4.0"), "0.3.0")
    assert "Install 0.4.0 first" in refused.value.message


async def test_from_the_channel_to_the_other_slot(device: UpdatedDevice, signer: Signer, server: FileServer) -> None:
    path = device.stick / "bundle.raucb"
    image = make_bundle(path, signer)
    content = path.read_bytes()
    async with FileServer(content).running() as files:
        server.content = _file(url=files.url, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        await device.stop()
        device.channel = server.url
        await device.start("0.1.0")
        release = await device.updater.check()
        assert release is not None
        assert device.updater.offered() == release
        files.cuts = [100_000]
        device.hub_online = True
        assert await device.updater.install(release.url, release.sha256, release.version) == "0.2.0"
    assert device.machine.slot("B", len(image)) == image
    assert device.updater.offered() is None
    assert device.phases()[-4:] == ["downloading", "verifying", "installing", "installed"]
    assert [path.name for path in device.folder.iterdir()] == ["state.json"]
    trial = (await asyncio.to_thread(device.files.read)).trial
    assert trial is not None
    assert (trial.hub_online, trial.slot, trial.from_version) == (True, "B", "0.1.0")
    # The hub repeats its command after a broken connection: the same answer, and nothing is done twice.
    assert await device.updater.install(release.url, release.sha256, release.version) == "0.2.0"


async def test_another_version_than_announced_is_refused(device: UpdatedDevice, signer: Signer) -> None:
    path = device.stick / "bundle.raucb"
    make_bundle(path, signer)
    async with FileServer(path.read_bytes()).running() as files:
        sha256 = hashlib.sha256(files.content).hexdigest()
        with pytest.raises(Problem) as refused:
            await device.updater.install(files.url, sha256, "0.3.0")
    assert refused.value.code is ProblemCode.BUNDLE_REFUSED
    assert "holds version 0.2.0 and not 0.3.0" in refused.value.message
    assert device.updater.state().phase is UpdatePhase.FAILED
    assert device.machine.primary == "A"


async def test_a_device_without_a_channel_says_so(device: UpdatedDevice) -> None:
    with pytest.raises(Problem) as refused:
        await device.updater.check()
    assert refused.value.code is ProblemCode.UPDATE_UNAVAILABLE


async def test_a_channel_that_fails_changes_nothing(device: UpdatedDevice) -> None:
    await device.stop()
    device.channel = "http://127.0.0.1:9/stable.json"
    await device.start("0.1.0")
    with pytest.raises(Problem):
        await device.updater.check()
    assert device.updater.state().phase is UpdatePhase.IDLE

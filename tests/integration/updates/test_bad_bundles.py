"""Bundles that are refused by the real RAUC, each with a sentence that says what is wrong, and no slot touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.updates.types import UpdatePhase
from protocol.problems import Problem, ProblemCode
from tests.integration.updates.device import UpdatedDevice
from tests.integration.updates.signing import Authority, make_bundle

Spoil = Callable[[Path, Authority], None]
_DAY = timedelta(days=1)


def _good(path: Path, authority: Authority) -> bytearray:
    make_bundle(path, authority.signer("again"))
    return bytearray(path.read_bytes())


def truncated(path: Path, authority: Authority) -> None:
    content = _good(path, authority)
    path.write_bytes(content[: len(content) // 2])


def changed(path: Path, authority: Authority) -> None:
    content = _good(path, authority)
    content[100_000] ^= 0xFF
    path.write_bytes(content)


def unsigned(path: Path, authority: Authority) -> None:
    content = _good(path, authority)
    size = int.from_bytes(content[-8:], "big")
    path.write_bytes(content[: -8 - size] + bytes(8))


def no_bundle(path: Path, _authority: Authority) -> None:
    path.write_bytes(b"holiday" * 100_000)


def empty(path: Path, _authority: Authority) -> None:
    path.write_bytes(b"")


def expired(path: Path, authority: Authority) -> None:
    make_bundle(path, authority.signer("expired", -10 * _DAY, -_DAY))


def not_yet_valid(path: Path, authority: Authority) -> None:
    make_bundle(path, authority.signer("tomorrow", _DAY, 10 * _DAY))


def development_key(path: Path, authority: Authority) -> None:
    developer = Authority(path.parent / "development", "development")
    make_bundle(path, developer.signer("somebody"))


def other_kind(path: Path, authority: Authority) -> None:
    make_bundle(path, authority.signer("again"), compatible="other-board")


REFUSED = ProblemCode.BUNDLE_REFUSED
BAD: dict[Spoil, tuple[ProblemCode, str]] = {
    truncated: (REFUSED, "cut short"),
    changed: (REFUSED, "changed after it was signed, or damaged"),
    unsigned: (REFUSED, "is not signed"),
    no_bundle: (REFUSED, "no whole bundle"),
    empty: (REFUSED, "no whole bundle"),
    expired: (REFUSED, "has expired"),
    # What a device whose clock says 1970 sees in every bundle.
    not_yet_valid: (ProblemCode.CLOCK_WRONG, "not valid yet by this device's clock"),
    development_key: (REFUSED, "with a key that this device does not trust"),
    other_kind: (REFUSED, "made for another kind of device. Take the one for “hutch-arm64”"),
}


@pytest.mark.parametrize("spoil", BAD, ids=lambda spoil: spoil.__name__)
async def test_a_bad_bundle_is_refused_with_the_reason(
    device: UpdatedDevice, authority: Authority, spoil: Spoil
) -> None:
    code, words = BAD[spoil]
    bundle = device.stick / "bad.raucb"
    spoil(bundle, authority)
    with pytest.raises(Problem) as refused:
        await device.updater.install_file(bundle)
    assert refused.value.code is code
    assert words in refused.value.message
    state = device.updater.state()
    assert (state.phase, state.problem) == (UpdatePhase.FAILED, refused.value.message)
    assert device.machine.slot("B", 1024) == bytes(1024)
    assert device.machine.primary == "A"
    # The device stays usable: a good one installs right after.
    good = device.stick / "good.raucb"
    make_bundle(good, authority.signer("good"))
    assert await device.updater.install_file(good) == "0.2.0"


async def test_a_bundle_that_is_gone_is_said_to_be_gone(device: UpdatedDevice) -> None:
    with pytest.raises(Problem) as refused:
        await device.updater.install_file(device.stick / "gone.raucb")
    assert refused.value.code is ProblemCode.NOT_FOUND


async def test_two_updates_at_a_time_are_refused(device: UpdatedDevice, authority: Authority) -> None:
    bundle = device.stick / "good.raucb"
    make_bundle(bundle, authority.signer("good"))
    await device.updater.install_file(bundle)
    await device.updater.restart()
    with pytest.raises(Problem) as refused:
        await device.updater.install_file(bundle)
    assert refused.value.code is ProblemCode.CONFLICT

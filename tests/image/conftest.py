"""The image of this checkout, and machines that run it. Only `make test-image` collects these tests: they take long."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image.build.layout import BOOTFS, MIB
from tests.image.guest import settings
from tests.image.machine import Machine, card, overlay, put_on_fat

ROOT = Path(__file__).resolve().parents[2]
IMAGE = os.environ.get("HUTCH_TEST_IMAGE", "")
WORK = Path(os.environ.get("HUTCH_TEST_IMAGE_WORK") or ROOT / ".cache/image/tests")
collect_ignore_glob = [] if IMAGE else ["test_*.py"]

MakeMachine = Callable[[str, Path], Machine]


@pytest.fixture(scope="session")
def image() -> Path:
    """The disk image, unpacked."""
    return Path(IMAGE)


@pytest.fixture(scope="session")
def firmware() -> Path:
    """U-Boot for QEMU's virt, from the same packages as the image's."""
    found = sorted((ROOT / ".cache/image").glob("boot-*/tree/usr/lib/u-boot/qemu_arm64/u-boot.bin"))
    return Path(os.environ.get("HUTCH_TEST_U_BOOT") or found[-1])


@pytest.fixture(scope="session")
def flashed(image: Path) -> Path:
    """A card of 8 GB with the image on it, and settings on its first partition as Imager leaves them."""
    WORK.mkdir(parents=True, exist_ok=True)
    target = card(image, WORK / "card.img", "8G")
    text = settings(Path(__file__).with_name("guest_agent.py"))
    put_on_fat(target, BOOTFS.start * MIB, "user-data", text, WORK)
    return target


@pytest.fixture
def make_machine(firmware: Path) -> Iterator[MakeMachine]:
    """Machines by name, each with a disk that begins as the given one; all are off at the end."""
    made: list[Machine] = []

    def make(name: str, base: Path) -> Machine:
        folder = WORK / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        machine = Machine(folder, overlay(base, folder / "disk.qcow2"), firmware)
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.cut_power()

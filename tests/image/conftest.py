"""The image of this checkout, and machines that run it. Only `make test-image` collects these tests: they take long."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image.build.keys import Keys
from image.build.layout import BOOTFS, MIB
from tests.image.box import FIRST_START_SECONDS, Box
from tests.image.bundles import Bundles
from tests.image.files import Files
from tests.image.guest import settings
from tests.image.machine import Machine, card, overlay, put_on_fat

ROOT = Path(__file__).resolve().parents[2]
IMAGE = os.environ.get("HUTCH_TEST_IMAGE", "")
CACHE = Path(os.environ.get("HUTCH_IMAGE_CACHE") or ROOT / ".cache/image")
KEYS = Path(os.environ.get("HUTCH_IMAGE_KEYS") or ROOT / "keys")
WORK = CACHE / "tests"
SEED = int(os.environ.get("HUTCH_TEST_SEED") or 1)
CUTS = int(os.environ.get("HUTCH_TEST_CUTS") or 30)
collect_ignore_glob = [] if IMAGE else ["test_*.py"]

MakeBox = Callable[[str, Path], Box]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An emulated machine takes minutes, not the two that other tests have."""
    for item in items:
        if "tests/image/" in str(item.path):
            item.add_marker(pytest.mark.timeout(7200))


@pytest.fixture(scope="session")
def image() -> Path:
    """The disk image, unpacked."""
    return Path(IMAGE)


@pytest.fixture(scope="session")
def packages() -> Path:
    """The unpacked boot packages that the image was built with: boot loaders and device trees for QEMU."""
    return max(CACHE.glob("boot-*/tree"), key=lambda one: one.parent.stat().st_mtime)


@pytest.fixture(scope="session")
def bundles(image: Path) -> Bundles:
    """Updates, good and bad."""
    release = (KEYS / "signing.key").is_file()
    return Bundles(image, WORK, Keys(KEYS if release else CACHE / "development-keys", release=release))


@pytest.fixture(scope="session")
def flashed(image: Path) -> Path:
    """A card of 8 GB with the image on it, and settings on its first partition as Imager leaves them."""
    WORK.mkdir(parents=True, exist_ok=True)
    target = card(image, WORK / "card.img", "8G")
    text = settings(Path(__file__).with_name("guest_agent.py"))
    put_on_fat(target, BOOTFS.start * MIB, "user-data", text, WORK)
    return target


@pytest.fixture
def files() -> Iterator[Files]:
    """A web server that the guest reaches."""
    served = Files()
    yield served
    served.close()


@pytest.fixture
def make_box(packages: Path) -> Iterator[MakeBox]:
    """Devices by name, each with a disk that begins as the given one; all are off at the end."""
    made: list[Box] = []

    def make(name: str, base: Path) -> Box:
        folder = WORK / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        firmware = packages / "usr/lib/u-boot/qemu_arm64/u-boot.bin"
        box = Box.on(Machine(folder, overlay(base, folder / "disk.qcow2"), firmware))
        made.append(box)
        return box

    yield make
    for box in made:
        box.power_off()


@pytest.fixture(scope="session")
def claimed(flashed: Path, packages: Path) -> Path:
    """The disk of a device that was claimed, has one session, and was shut down; tests begin with copies of it."""
    folder = WORK / "claimed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    firmware = packages / "usr/lib/u-boot/qemu_arm64/u-boot.bin"
    box = Box.on(Machine(folder, overlay(flashed, folder / "disk.qcow2"), firmware))
    try:
        box.power_on(FIRST_START_SECONDS)
        box.claim()
        box.settle()
        box.guest.sh("sync")
    finally:
        box.power_off()
    return folder / "disk.qcow2"

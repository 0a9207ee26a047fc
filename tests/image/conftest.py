"""The image of this checkout, and machines that run it. Only `make test-image` collects these tests: they take long."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from image.build.keys import Keys
from tests.image.bases import Bases
from tests.image.box import Box
from tests.image.bundles import Bundles
from tests.image.files import Files
from tests.image.machine import Machine, overlay

ROOT = Path(__file__).resolve().parents[2]
IMAGE = os.environ.get("HUTCH_TEST_IMAGE", "")
CACHE = Path(os.environ.get("HUTCH_IMAGE_CACHE") or ROOT / ".cache/image")
KEYS = Path(os.environ.get("HUTCH_IMAGE_KEYS") or ROOT / "keys")
WORK = CACHE / "tests"
SEED = int(os.environ.get("HUTCH_TEST_SEED") or 1)
CUTS = int(os.environ.get("HUTCH_TEST_CUTS") or 30)
collect_ignore_glob = [] if IMAGE else ["test_*.py"]

REPORT = WORK / "report.jsonl"
MakeBox = Callable[[Path], Box]
Tell = Callable[[str, object], None]
_FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An emulated machine takes minutes, not the two that other tests have."""
    for item in items:
        if "tests/image/" in str(item.path):
            item.add_marker(pytest.mark.timeout(7200))


def pytest_report_header() -> str:
    """What a run can be repeated with."""
    return f"image: {IMAGE}; {CUTS} power cuts, seed {SEED}; report: {REPORT}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down how each test went, a line of JSON each, and remember what failed: its disk and console stay."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    if report.failed or report.when == "call":
        line = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "test": item.name,
            "outcome": report.outcome,
            "seconds": round(report.duration, 1),
            **dict(item.user_properties),
        }
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        with REPORT.open("a") as opened:
            opened.write(json.dumps(line) + "\n")
    return report


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Put something into the report of the run."""
    return record_property


@pytest.fixture(scope="session")
def image() -> Path:
    """The disk image, unpacked."""
    return Path(IMAGE)


@pytest.fixture(scope="session")
def packages() -> Path:
    """The unpacked boot packages that the image was built with: boot loaders and device trees for QEMU."""
    return max(CACHE.glob("boot-*/tree"), key=lambda one: one.parent.stat().st_mtime)


@pytest.fixture(scope="session")
def firmware(packages: Path) -> Path:
    """The boot loader of QEMU's virt."""
    return packages / "usr/lib/u-boot/qemu_arm64/u-boot.bin"


@pytest.fixture(scope="session")
def keys() -> Keys:
    """What the image's updates are signed with."""
    release = (KEYS / "signing.key").is_file()
    return Keys(KEYS if release else CACHE / "development-keys", release=release)


@pytest.fixture(scope="session")
def bundles(image: Path, keys: Keys) -> Bundles:
    """Updates, good and bad."""
    return Bundles(image, WORK, keys)


@pytest.fixture(scope="session")
def bases(image: Path, firmware: Path) -> Bases:
    """Where tests begin."""
    return Bases(image, firmware, WORK)


@pytest.fixture
def files() -> Iterator[Files]:
    """A web server that the guest reaches."""
    served = Files()
    yield served
    served.close()


@pytest.fixture
def make_box(firmware: Path, request: pytest.FixtureRequest) -> Iterator[MakeBox]:
    """A device in a folder of its own, with a disk that begins as the given one; off at the end of the test."""
    made: list[Box] = []
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())

    def make(base: Path) -> Box:
        folder = WORK / f"{name[-40:]}-{len(made)}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        box = Box.on(Machine(folder, overlay(base, folder / "disk.qcow2"), firmware))
        made.append(box)
        return box

    yield make
    for box in made:
        if failed := request.node.stash.get(_FAILED, False):
            box.keep_journal()
        box.power_off()
        if not failed:
            shutil.rmtree(box.machine.folder)


@pytest.fixture
def device(make_box: MakeBox, bases: Bases) -> Box:
    """A claimed device that runs."""
    box = make_box(bases.running.disk)
    box.go_on(bases.running.memory)
    return box

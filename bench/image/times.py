"""Seconds that a person waits for the image, in QEMU's virt: its start, an update, and one that is taken back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.image.bases import Bases
from tests.image.box import Box
from tests.image.bundles import Bundles
from tests.image.files import Files
from tests.image.machine import Machine, card, overlay

SECONDS = 2400.0


@dataclass(frozen=True)
class Times:
    """Measures with the devices and updates of the image's tests."""

    bases: Bases
    bundles: Bundles
    work: Path

    def starts(self, plain: Path) -> dict[str, float]:
        """From power on: the page of a new card and of a device in use; the login prompt with and without Hutch."""
        with self._box("first", self.bases.flashed) as box:
            box.machine.start()
            found = {"a new card": box.page.wait(SECONDS)}
        with self._box("second", self.bases.claimed) as box:
            box.machine.start()
            began = time.monotonic()
            found["a device in use"] = box.page.wait(SECONDS)
            box.machine.wait_for("login:", SECONDS)
            found["its login prompt"] = time.monotonic() - began
        found["the same without Hutch"] = self._without(plain)
        found["ratio to without Hutch"] = found["its login prompt"] / found["the same without Hutch"]
        return _rounded(found)

    def _without(self, plain: Path) -> float:
        """The second start there too: the first one grows the data partition."""
        base = card(plain, self.work / "plain-card.img", "8G")
        with self._box("plain", base) as box:
            box.machine.start()
            box.machine.wait_for("login:", SECONDS)
            box.machine.cut_power()
            box.machine.start()
            return box.machine.wait_for("login:", SECONDS)

    def update(self) -> dict[str, float]:
        """A good update, from the order to the moment that it stays."""
        with self._box("update", self.bases.running.disk) as box, _files() as files:
            verdict = box.go_on(self.bases.running.memory)
            began = time.monotonic()
            box.page.install(files.url(self.bundles.good()), SECONDS)
            installed = time.monotonic()
            box.page.restart()
            box.again(verdict.boot_id, SECONDS)
            answers = time.monotonic()
            box.settle()
            box.page.log_in()
            box.page.wait_kept(SECONDS)
            kept = time.monotonic()
        return _rounded(
            {
                "installed": installed - began,
                "page answers after the restart": answers - installed,
                "kept after the restart": kept - installed,
                "bytes served, megabytes": files.sent / 1e6,
            }
        )

    def rollback(self) -> dict[str, float]:
        """A version whose daemon does not start: from its restart to the page of the version before."""
        with self._box("rollback", self.bases.running.disk) as box, _files() as files:
            verdict = box.go_on(self.bases.running.memory)
            box.page.install(files.url(self.bundles.without_page()), SECONDS)
            began = time.monotonic()
            box.page.restart()
            box.again(verdict.boot_id, SECONDS, slot="A")
            return _rounded({"page answers again": time.monotonic() - began})

    @contextmanager
    def _box(self, name: str, base: Path) -> Iterator[Box]:
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        box = Box.on(Machine(folder, overlay(base, folder / "disk.qcow2"), self.bases.firmware))
        try:
            yield box
        finally:
            box.power_off()


@contextmanager
def _files() -> Iterator[Files]:
    files = Files()
    try:
        yield files
    finally:
        files.close()


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in found.items()}

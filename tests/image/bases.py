"""Where tests begin: a flashed card, and a device that was claimed and runs. Both are made once for an image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from image.build.layout import BOOTFS, MIB
from tests.image import guest
from tests.image.box import FIRST_START_SECONDS, Box
from tests.image.guest import settings
from tests.image.kept import kept, print_of
from tests.image.machine import Machine, card, overlay, put_on_fat

_AGENT = Path(__file__).with_name("guest_agent.py")
CARD = "8G"


@dataclass(frozen=True)
class Running:
    """A device in the middle of its work: disk and memory of the same moment."""

    disk: Path
    memory: Path


@dataclass(frozen=True)
class Bases:
    """Makes them when first asked for; they stay in ``work`` for the next run with the same image."""

    image: Path
    firmware: Path
    work: Path

    @cached_property
    def name(self) -> str:
        """Tells this image and what the tests bring into it from others."""
        return print_of(self.image, _AGENT, Path(guest.__file__))

    @cached_property
    def flashed(self) -> Path:
        """A card of 8 GB with the image on it, and settings on its first partition as Imager leaves them."""
        return kept(self.work / f"flashed-{self.name}", self._flash) / "card.img"

    def _flash(self, folder: Path) -> None:
        target = card(self.image, folder / "card.img", CARD)
        put_on_fat(target, BOOTFS.start * MIB, "user-data", settings(_AGENT), folder)

    @cached_property
    def running(self) -> Running:
        """A device that was claimed, with one session; its boot checks are through."""
        base = self.flashed

        def make(folder: Path) -> None:
            box = Box.on(Machine(folder, overlay(base, folder / "disk.qcow2"), self.firmware))
            try:
                box.power_on(FIRST_START_SECONDS)
                box.claim()
                box.settle()
                box.guest.sh("sync")
                box.guest.close()
                box.machine.stop_for_later(folder / "memory")
            finally:
                box.power_off()

        folder = kept(self.work / f"running-{self.name}", make)
        return Running(folder / "disk.qcow2", folder / "memory")

    @property
    def claimed(self) -> Path:
        """The disk of that device."""
        return self.running.disk

"""Runs the stage for pi-gen as pi-gen does: its packages and scripts by their numbers, some of them in a chroot.

What pi-gen has from the stages before it is Debian's root filesystem of the image here, which has the packages of the
stage's first list already.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from image.build.debian import Apt
from image.build.lists import entries
from image.build.programs import in_chroot, output, run
from image.build.sbom import from_dpkg
from image.build.sources import without_backports

ROOT = Path(__file__).resolve().parents[2]
STAGE = ROOT / "image/pi-gen/stage-hutch"
_OURS = ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt")
"""Files of this machine that programs in a chroot need for its network; pi-gen has them there as well."""


class PiGen:
    """One run of the stage over a root filesystem in ``work``."""

    def __init__(self, work: Path, debian: Path, sources: str, wheel: Path) -> None:
        self.root = work / "root"
        self._work = work
        self._sources = without_backports(sources)
        self._wheel = wheel
        self.root.mkdir(parents=True)
        run("tar", "-C", self.root, "-xf", debian, "--exclude=./dev/*")

    def run_stage(self) -> None:
        """Every step, in pi-gen's order. Raises BuildError with the words of the one that fails."""
        kept = {name: (self.root / name).read_bytes() for name in _OURS if (self.root / name).exists()}
        for name in _OURS:
            (self.root / name).unlink(missing_ok=True)
            shutil.copy(Path("/") / name, self.root / name)
        for step in sorted((STAGE / "00-hutch").iterdir()):
            if re.fullmatch(r"\d\d-packages-nr", step.name):
                self._packages(entries(step))
            elif re.fullmatch(r"\d\d-run\.sh", step.name):
                run("bash", "-e", step, env={"ROOTFS_DIR": str(self.root), "HUTCH_WHEEL": str(self._wheel)})
            elif re.fullmatch(r"\d\d-run-chroot\.sh", step.name):
                self.inside("bash", "-e", given=step.read_bytes())
        for name in _OURS:
            (self.root / name).unlink()
        for name, content in kept.items():
            (self.root / name).write_bytes(content)

    def inside(self, *words: str, given: bytes = b"") -> str:
        """What a program of the image prints, run in it."""
        with in_chroot(self.root):
            return output("chroot", self.root, *words, given=given)

    def installed(self) -> set[str]:
        """The packages that dpkg has."""
        return {package.name for package in from_dpkg((self.root / "var/lib/dpkg/status").read_text())}

    def remove(self) -> None:
        """Take it all away."""
        run("rm", "-rf", self._work)

    def _packages(self, names: list[str]) -> None:
        missing = sorted(set(names) - self.installed())
        if not missing:
            return
        apt = Apt(self._work / "apt", self._sources, status=self.root / "var/lib/dpkg/status")
        apt.update()
        debs = apt.with_needs(missing)
        place = self.root / "debs"
        place.mkdir()
        for deb in debs:
            shutil.copy(deb, place)
        self.inside("sh", "-c", "DEBIAN_FRONTEND=noninteractive dpkg --install /debs/*.deb")
        shutil.rmtree(place)
        apt.remove()

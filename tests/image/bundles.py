"""Bundles for the tests: the built image with one thing changed, signed with the key that it trusts or with another."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.build.bundle import COMPATIBLE, make_bundle, manifest
from image.build.keys import Keys, make_keys
from image.build.layout import BOOT_A, MIB, ROOT_A
from image.build.programs import BuildError, run
from image.build.tree import squash
from tests.image.expired import expired_keys
from tests.image.kept import kept, print_of

EPOCH = 1_795_000_000
Change = Callable[[Path], None]


@dataclass(frozen=True)
class Slot:
    """The two images of a slot."""

    root: Path
    boot: Path


def slot_of(image: Path, work: Path) -> Slot:
    """What the built disk has in slot A."""
    slot = Slot(work / "rootfs.img", work / "boot.img")
    for part, target in ((ROOT_A, slot.root), (BOOT_A, slot.boot)):
        run("dd", f"if={image}", f"of={target}", "bs=1M", f"skip={part.start}", f"count={part.size}", "conv=sparse")
    size = int.from_bytes(slot.root.read_bytes()[40:48], "little")
    with slot.root.open("r+b") as opened:
        opened.truncate(-(-size // 4096) * 4096)
    return slot


def changed_root(slot: Slot, target: Path, version: str, change: Change) -> Slot:
    """The same system with another version and a change."""
    root = target.with_suffix(".root")
    run("rm", "-rf", root)
    run("unsquashfs", "-no-progress", "-quiet", "-d", root, slot.root)
    (root / "etc/hutch-release").write_text(f"ID=hutch\nVERSION_ID={version}\nBUILD=1\n")
    change(root)
    squash(root, target, EPOCH)
    run("rm", "-rf", root)
    return Slot(target, slot.boot)


def changed_initrd(slot: Slot, target: Path, content: bytes) -> Slot:
    """The same system with another initial file system."""
    shutil.copyfile(slot.boot, target)
    initrd = target.with_suffix(".initrd")
    initrd.write_bytes(content)
    run("mcopy", "-o", "-i", target, initrd, "::initrd.img")
    initrd.unlink()
    return Slot(slot.root, target)


class Bundles:
    """Makes bundles when first asked for, and keeps them for the next run with the same image."""

    def __init__(self, image: Path, work: Path, keys: Keys) -> None:
        self._image = image
        self._name = print_of(image)
        self._work = work
        self._keys = keys

    def good(self, version: str = "9.0.1") -> Path:
        """A newer version that works."""
        return self._changed("good", version, _nothing)

    def without_page(self) -> Path:
        """A newer version whose daemon does not start."""
        return self._changed("page", "9.0.2", _break_daemon)

    def hanging(self) -> Path:
        """A newer version in which systemd stops in the middle of the start."""
        return self._changed("hang", "9.0.3", _freeze)

    def panicking(self) -> Path:
        """A newer version whose kernel finds nothing to start."""

        def make(folder: Path) -> Path:
            broken = changed_initrd(self._slot(), folder / "boot.img", b"no initial file system" * 100)
            return self._signed(folder, "9.0.4", broken)

        return self._kept("panic", make)

    def truncated(self) -> Path:
        """A bundle that was not downloaded to its end."""
        whole = self.good()

        def make(folder: Path) -> Path:
            with whole.open("rb") as opened:
                (folder / "update.raucb").write_bytes(opened.read(20 * MIB))
            return folder / "update.raucb"

        return self._kept("truncated", make)

    # Those that are looked at and refused are small: what is in them does not matter.

    def small(self, version: str, *, keys: Keys | None = None, compatible: str = COMPATIBLE) -> Path:
        """A bundle with next to nothing in it."""

        def make(folder: Path) -> Path:
            nothing = _noise(folder)
            text = manifest(version, "1").replace(f"compatible={COMPATIBLE}", f"compatible={compatible}")
            return self._signed(folder, version, nothing, text=text, keys=keys)

        who = "other" if keys else "own"
        return self._kept(f"small-{version}-{compatible}-{who}", make)

    def foreign(self) -> Path:
        """A newer version, signed by somebody else."""
        folder = kept(self._work / f"foreign-{self._name}", lambda to: make_keys(to / "keys", "Somebody else"))
        return self.small("9.0.5", keys=Keys(folder / "keys", release=False))

    def for_another_device(self) -> Path:
        """A signed bundle for another kind of device."""
        return self.small("9.0.6", compatible="toaster")

    def expired(self) -> Path:
        """A bundle whose signer's certificate, from our own authority, is valid no more."""

        def make(folder: Path) -> Path:
            # It is made, and then the look at it as a device takes one fails, as it has to.
            with pytest.raises(BuildError):
                self._signed(folder, "9.0.7", _noise(folder), keys=expired_keys(self._keys, folder / "keys"))
            return folder / "update.raucb"

        return self._kept("expired", make)

    def unsigned(self) -> Path:
        """A bundle without a signature: what a signed one holds before it."""
        signed = self.small("9.0.8")

        def make(folder: Path) -> Path:
            whole = signed.read_bytes()
            length = int.from_bytes(whole[-8:], "big")
            (folder / "update.raucb").write_bytes(whole[: -8 - length])
            return folder / "update.raucb"

        return self._kept("unsigned", make)

    def damaged(self) -> Path:
        """A signed bundle in whose content bytes have changed: found out only when that is read."""
        signed = self.small("9.0.9")

        def make(folder: Path) -> Path:
            whole = bytearray(signed.read_bytes())
            whole[MIB : MIB + 65536] = bytes(65536)
            (folder / "update.raucb").write_bytes(whole)
            return folder / "update.raucb"

        return self._kept("damaged", make)

    def older(self) -> Path:
        """A signed bundle of a version before the one that runs."""
        return self.small("0.0.1")

    def _slot(self) -> Slot:
        folder = kept(self._work / f"slot-{self._name}", lambda to: _extract(self._image, to))
        return Slot(folder / "rootfs.img", folder / "boot.img")

    def _changed(self, name: str, version: str, change: Change) -> Path:
        def make(folder: Path) -> Path:
            slot = changed_root(self._slot(), folder / "rootfs.img", version, change)
            made = self._signed(folder, version, slot)
            slot.root.unlink()
            return made

        return self._kept(f"{name}-{version}", make)

    def _kept(self, name: str, make: Callable[[Path], Path]) -> Path:
        def fill(folder: Path) -> None:
            # Named after what it is: that is its address for the device too.
            make(folder).rename(folder / f"{name}.raucb")

        return kept(self._work / f"bundle-{name}-{self._name}", fill) / f"{name}.raucb"

    def _signed(
        self, folder: Path, version: str, slot: Slot, *, text: str | None = None, keys: Keys | None = None
    ) -> Path:
        target = folder / "update.raucb"
        make_bundle(target, text or manifest(version, "1"), slot.root, slot.boot, keys or self._keys)
        return target


def _extract(image: Path, folder: Path) -> None:
    slot_of(image, folder)


def _noise(folder: Path) -> Slot:
    """Two images that do not get smaller, so that there is something to damage."""
    slot = Slot(folder / "rootfs.img", folder / "boot.img")
    for part in (slot.root, slot.boot):
        part.write_bytes(random.Random(1).randbytes(2 * MIB))  # noqa: S311 - the same for each run, no secret
    return slot


def _nothing(root: Path) -> None:
    assert root.is_dir()


def _break_daemon(root: Path) -> None:
    command = root / "opt/hutch/bin/hutch"
    text = command.read_text()
    assert "import sys\n" in text
    command.write_text(text.replace("import sys\n", "import sys\n\nif sys.argv[1:2] == ['run']:\n    sys.exit(1)\n", 1))


def _freeze(root: Path) -> None:
    unit = root / "usr/lib/systemd/system/hutch-freeze.service"
    unit.write_text("[Service]\nExecStart=/bin/kill -SEGV 1\n")
    (root / "usr/lib/systemd/system/sysinit.target.wants/hutch-freeze.service").symlink_to("../hutch-freeze.service")

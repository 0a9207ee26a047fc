"""Bundles for the tests: the built image with one thing changed, signed with the key that it trusts or with another."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from image.build.bundle import make_bundle, manifest
from image.build.keys import Keys, make_keys
from image.build.layout import BOOT_A, MIB, ROOT_A
from image.build.programs import run
from image.build.tree import squash

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
        print_of = hashlib.sha256(f"{image.stat().st_mtime_ns} {image.stat().st_size}".encode()).hexdigest()[:12]
        self._folder = work / f"bundles-{print_of}"
        self._image = image
        self._keys = keys
        if not self._folder.exists():
            for old in work.glob("bundles-*"):
                run("rm", "-rf", old)
            self._folder.mkdir(parents=True)
            slot_of(image, self._folder)
        self._slot = Slot(self._folder / "rootfs.img", self._folder / "boot.img")

    def good(self, version: str = "9.0.1") -> Path:
        """A newer version that works."""
        return self._bundle(f"good-{version}", version, lambda to: changed_root(self._slot, to, version, _nothing))

    def without_page(self) -> Path:
        """A newer version whose daemon does not start."""
        return self._bundle("page", "9.0.2", lambda to: changed_root(self._slot, to, "9.0.2", _break_daemon))

    def hanging(self) -> Path:
        """A newer version in which systemd stops in the middle of the start."""
        return self._bundle("hang", "9.0.3", lambda to: changed_root(self._slot, to, "9.0.3", _freeze))

    def panicking(self) -> Path:
        """A newer version whose kernel finds nothing to start."""
        return self._bundle(
            "panic", "9.0.4", lambda to: changed_initrd(self._slot, to, b"no initial file system" * 100)
        )

    def foreign(self) -> Path:
        """The same version again, signed by somebody else."""
        folder = self._folder / "foreign-keys"
        if not folder.exists():
            make_keys(folder, "Somebody else")
        return self._signed("foreign", manifest("9.0.5", "1"), self._slot, Keys(folder, release=False))

    def for_another_device(self) -> Path:
        """A signed bundle for another kind of device."""
        text = manifest("9.0.6", "1").replace("compatible=hutch-arm64", "compatible=toaster")
        return self._signed("toaster", text, self._slot, self._keys)

    def truncated(self) -> Path:
        """A bundle that was not downloaded to its end."""
        target = self._folder / "truncated.raucb"
        with self.good().open("rb") as whole, target.open("wb") as part:
            part.write(whole.read(50 * MIB))
        return target

    def _bundle(self, name: str, version: str, make: Callable[[Path], Slot]) -> Path:
        if (self._folder / f"{name}.raucb").exists():
            return self._folder / f"{name}.raucb"
        return self._signed(name, manifest(version, "1"), make(self._folder / f"{name}.img"), self._keys)

    def _signed(self, name: str, text: str, slot: Slot, keys: Keys) -> Path:
        target = self._folder / f"{name}.raucb"
        if not target.exists():
            make_bundle(target, text, slot.root, slot.boot, keys)
        return target


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

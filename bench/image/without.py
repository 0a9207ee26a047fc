"""The same Debian without Hutch: what the image's size and its start are compared with."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from image.build.layout import MIB, ROOT_A
from image.build.programs import run
from image.build.python_tree import PREFIX
from tests.image.bundles import Slot, changed_root

_UNITS = ("etc/systemd/system", "usr/lib/systemd/system")


@dataclass(frozen=True)
class Plain:
    """A root filesystem, and a disk that has it in slot A."""

    root: Path
    disk: Path


def image_without_hutch(image: Path, slot: Slot, work: Path) -> Plain:
    """The image with Hutch and its units taken out; what finds the slot and mounts the data partition stays."""
    root = changed_root(slot, work / "plain.img", "0", take_out).root
    disk = work / "plain-disk.img"
    run("cp", "--sparse=always", image, disk)
    with root.open("rb") as content, disk.open("r+b") as opened:
        opened.seek(ROOT_A.start * MIB)
        shutil.copyfileobj(content, opened, MIB)
    return Plain(root, disk)


def take_out(root: Path) -> None:
    """Remove what starts or belongs to the daemon."""
    shutil.rmtree(root / PREFIX)
    for folder in _UNITS:
        for unit in sorted((root / folder).rglob("hutch*")):
            if unit.is_symlink() or unit.is_file():
                unit.unlink()

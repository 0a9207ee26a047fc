"""The whole disk: its partition table, its first slot, an empty second one, and a small data partition."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from image.build.layout import BOOT_A, BOOTFS, DATA, DISK_MIB, MIB, ROOT_A, Partition, table
from image.build.programs import BuildError, run

BOOT_STATE = Path(__file__).parents[1] / "overlay/usr/lib/hutch/boot-state"
_COPY = 4 * MIB


@cache
def boot_state() -> ModuleType:
    """The device's own program for the boot state, which the build uses too."""
    loader = importlib.machinery.SourceFileLoader("hutch_boot_state", str(BOOT_STATE))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    if spec is None:
        raise BuildError(f"{BOOT_STATE} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for the module they are in; bytecode beside the program would end up in the image.
    sys.modules[loader.name] = module
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def make_data(target: Path) -> None:
    """An empty ext4 that the first start grows; room for the larger tables is made then."""
    with target.open("wb") as opened:
        opened.truncate(DATA.size * MIB)
    options = "hash_seed=48555443-0000-4000-8000-000000000001,lazy_itable_init=0,lazy_journal_init=0"
    run(
        *("mkfs.ext4", "-q", "-F", "-b", "4096", "-i", "16384", "-m", "1", "-J", "size=32", "-L", "data"),
        *("-U", "48555443-0000-4000-8000-000000000000", "-E", options, target),
        env={"E2FSPROGS_FAKE_TIME": "1", "SOURCE_DATE_EPOCH": "1"},
    )


def first_state() -> bytes:
    """The boot state of a new disk: slot A has its attempts and counts as good, slot B is empty."""
    module = boot_state()
    state = module.BootState().good("A").bad("B")
    content: bytes = module.encode(state)
    return content


def make_disk(target: Path, bootfs: Path, boot: Path, root: Path, data: Path) -> None:
    """Write the disk, with holes where there is nothing."""
    with target.open("wb") as opened:
        opened.truncate(DISK_MIB * MIB)
    run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", target, given=table().encode())
    with target.open("r+b") as disk:
        for place in boot_state().COPIES:
            disk.seek(place)
            disk.write(first_state())
    for part, source in ((BOOTFS, bootfs), (BOOT_A, boot), (ROOT_A, root), (DATA, data)):
        _place(target, part, source)


def _place(disk: Path, part: Partition, source: Path) -> None:
    if source.stat().st_size > part.size * MIB:
        raise BuildError(f"{source.name} does not fit into partition {part.number}, which has {part.size} MiB.")
    with disk.open("r+b") as opened, source.open("rb") as content:
        opened.seek(part.start * MIB)
        while block := content.read(_COPY):
            if block.count(0) == len(block):
                opened.seek(len(block), 1)
            else:
                opened.write(block)

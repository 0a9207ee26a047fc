"""The layout of the disk: sizes, numbers and names of partitions. docs/image.md draws it."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
SECTOR = 512
DISK_ID = "48555443"
"""The signature in the partition table; PARTUUIDs begin with it."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: its number, MBR type, start and size in MiB."""

    number: int
    kind: str
    start: int
    size: int


BOOTFS = Partition(1, "c", 4, 128)
BOOT_A = Partition(2, "da", 132, 48)
BOOT_B = Partition(3, "da", 180, 48)
ROOT_A = Partition(5, "83", 229, 1023)
ROOT_B = Partition(6, "83", 1253, 1023)
DATA = Partition(7, "83", 2277, 256)
EXTENDED = Partition(4, "f", 228, 1024 + 1024 + 1 + 256)
PARTITIONS = (BOOTFS, BOOT_A, BOOT_B, EXTENDED, ROOT_A, ROOT_B, DATA)
DISK_MIB = EXTENDED.start + EXTENDED.size


def table() -> str:
    """The partition table as sfdisk(8) reads it. MBR: the Raspberry Pi 3 starts from nothing else."""
    head = ["label: dos", f"label-id: 0x{DISK_ID}", f"sector-size: {SECTOR}", ""]
    per_mib = MIB // SECTOR
    lines = [
        f"{one.number} : start={one.start * per_mib}, size={one.size * per_mib}, type={one.kind}" for one in PARTITIONS
    ]
    return "\n".join(head + lines) + "\n"

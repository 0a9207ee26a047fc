"""What a device fetches of an update that it has most of: RAUC's adaptive method, by blocks of 4 KiB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

BLOCK = 4096
_HASH = 32


def blocks(file: Path) -> Iterator[bytes]:
    """The hash of each block of an image, in its order."""
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            yield hashlib.sha256(block.ljust(BLOCK, b"\0")).digest()


def fetched(old: Path, new: Path) -> int:
    """Bytes that a device with the old image fetches of the new one: the index, and every block that it lacks."""
    known = set(blocks(old))
    wanted = list(blocks(new))
    missing = set(wanted) - known
    return len(wanted) * _HASH + len(missing) * BLOCK

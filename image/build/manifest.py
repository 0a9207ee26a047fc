"""The entry that Raspberry Pi Imager shows, and the checksums of what was built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1024 * 1024
DEVICES = ("pi3-64bit", "pi4-64bit", "pi5-64bit")


@dataclass(frozen=True, slots=True)
class Measured:
    """A file's size in bytes and SHA-256."""

    size: int
    sha256: str


def measure(file: Path) -> Measured:
    """Read a file to its end."""
    whole = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            whole.update(block)
    return Measured(file.stat().st_size, whole.hexdigest())


def os_list(version: str, day: str, url: str, packed: Measured, disk: Measured) -> str:
    """Imager's list with this image as its one entry; cloud-init takes what Imager asks the person."""
    entry = {
        "name": f"Hutch {version}",
        "description": "A small box where coding agents live: sessions that outlive browsers, links and reboots",
        "icon": f"{url.rpartition('/')[0]}/hutch.svg",
        "url": url,
        "extract_size": disk.size,
        "extract_sha256": disk.sha256,
        "image_download_size": packed.size,
        "image_download_sha256": packed.sha256,
        "release_date": day,
        "devices": list(DEVICES),
        "architecture": "armv8",
        "init_format": "cloudinit",
    }
    return json.dumps({"os_list": [entry]}, indent=2) + "\n"


def sums(files: Iterable[Path]) -> str:
    """SHA256SUMS, as sha256sum(1) checks it."""
    return "".join(f"{measure(file).sha256}  {file.name}\n" for file in sorted(files))

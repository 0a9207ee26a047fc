"""Bundles on USB sticks and cards: the ones that are mounted, and those that udisks can mount for us."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

import structlog

from gateway.updates.types import Medium
from protocol.problems import Problem

log = structlog.get_logger(__name__)

SUFFIX: Final = ".raucb"
_ROOTS: Final = tuple(Path(root) for root in ("/media", "/run/media", "/mnt"))
_MOST: Final = 20
_DEPTH: Final = 1
"""Folders below the top of a medium that are looked into."""
_MOST_ENTRIES: Final = 2000


async def _mount_nothing() -> None:
    """For machines without udisks."""


class Media:
    """Looks for bundles. ``mount`` brings in what is plugged in and not mounted, where the machine can do that."""

    def __init__(
        self,
        *,
        mounts: Path = Path("/proc/self/mounts"),
        roots: Iterable[Path] = _ROOTS,
        mount: Callable[[], Awaitable[None]] = _mount_nothing,
        suffix: str = SUFFIX,
    ) -> None:
        self._mounts = mounts
        self._roots = tuple(roots)
        self._mount = mount
        self._suffix = suffix

    async def find(self) -> tuple[Medium, ...]:
        """Bundles that can be installed from a medium, by name."""
        try:
            await self._mount()
        except Problem as problem:
            log.info("media cannot be mounted", reason=problem.message)
        return await asyncio.to_thread(self._find)

    def _find(self) -> tuple[Medium, ...]:
        found = [bundle for place in self._places() for bundle in _bundles(place, self._suffix)]
        return tuple(sorted(found, key=lambda medium: medium.path.name)[:_MOST])

    def _places(self) -> list[Path]:
        try:
            lines = self._mounts.read_text(errors="surrogateescape").splitlines()
        except OSError:
            return []
        points = [Path(_unescape(line.split()[1])) for line in lines if len(line.split()) > 1]
        return [point for point in points if any(point.is_relative_to(root) for root in self._roots)]


def _bundles(place: Path, suffix: str) -> list[Medium]:
    found: list[Medium] = []
    seen = 0
    for folder, folders, names in os.walk(place, followlinks=False):
        seen += len(names) + len(folders)
        if seen > _MOST_ENTRIES or len(Path(folder).relative_to(place).parts) >= _DEPTH:
            folders.clear()
        for name in names[:_MOST_ENTRIES]:
            path = Path(folder) / name
            if name.endswith(suffix) and not name.startswith(".") and not path.is_symlink():
                try:
                    found.append(Medium(path, path.stat().st_size))
                except OSError:
                    continue  # the stick was taken out
    return found


def _unescape(text: str) -> str:
    """A path as proc(5) writes it: blanks as octal numbers."""
    for octal, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(octal, char)
    return text

"""What the pages know of backup, restore, factory reset and support bundles; who does them implements :class:`Care`."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.workspaces.open_files import OpenFile

PIECE = 1024 * 1024
"""Bytes of a piece of a backup that is brought back, at most."""
MAX_BACKUP = 1024**4
"""Bytes of a backup at most."""
SHORTEST_PASSPHRASE = 8
"""Characters of a passphrase."""
LONGEST_PASSPHRASE = 1024


class CarePhase(StrEnum):
    """What is being done with the device as a whole."""

    IDLE = "idle"
    SAVING = "saving"
    """A backup is being written."""
    READING = "reading"
    """A backup is being brought and checked; nothing of the device has changed."""
    RESTARTING = "restarting"
    """The device is about to start anew: restored, or as a new one."""


@dataclass(frozen=True, slots=True)
class CareState:
    """How far it is, 0 to 100; ``problem`` is why the last backup or check of one came to nothing."""

    phase: CarePhase = CarePhase.IDLE
    percent: int = 0
    detail: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup that lies ready to be fetched."""

    name: str
    """Of the file, as it is to be called where it is kept."""
    size: int
    """Bytes, encrypted."""
    made_at: datetime
    folders: tuple[str, ...]
    unread: int
    """Files and folders that were left out because the device may not read them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup that was brought back and found good; it comes into force when somebody says so."""

    device: str
    """The name of the device it is of."""
    version: str
    made_at: datetime
    size: int
    """Bytes, unpacked."""
    files: int
    folders: tuple[str, ...]


class Care(Protocol):
    """Does one thing at a time. Methods raise Problem for what is refused, CONFLICT while another thing goes on."""

    def state(self) -> CareState:
        """What is being done."""

    def saved(self) -> Saved | None:
        """The backup that can be fetched."""

    def checked(self) -> Checked | None:
        """The backup that can be restored."""

    def received(self) -> int:
        """Bytes that came of the backup that is being brought."""

    async def folders(self) -> tuple[str, ...]:
        """The folders of the workspace that a backup may take in."""

    async def save(self, passphrase: str, folders: tuple[str, ...]) -> Awaitable[Saved]:
        """Begin a backup; what is awaited is its end. What can be refused is refused before it is begun."""

    async def fetch(self) -> OpenFile:
        """The backup, open; the caller closes it. NOT_FOUND when there is none."""

    async def forget(self) -> None:
        """Give the backup up that is being made, and remove the one that lies ready."""

    async def bring(self, passphrase: str, size: int) -> None:
        """A backup of ``size`` bytes is going to come in pieces; one that was coming or waits is given up."""

    async def piece(self, offset: int, data: bytes) -> int:
        """Take the next piece, and say how many bytes there are. With the last one the backup is known to be good.

        OUT_OF_ORDER with ``received`` for a piece that does not follow; INVALID_REQUEST for another passphrase or
        damage, CONFLICT for a backup of a newer version, DISK_FULL: each as soon as it can be known.
        """

    async def give_up(self) -> None:
        """Forget the backup that was brought."""

    async def restore(self) -> None:
        """Start anew as what was brought."""

    async def reset(self, name: str, *, workspace: bool) -> None:
        """Start anew as a new device; ``workspace``: without people's files. INVALID_REQUEST for another name."""

    async def support(self) -> OpenFile:
        """A support bundle, open; the caller closes it."""

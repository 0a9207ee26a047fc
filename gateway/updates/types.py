"""Updates as the page, the hub and the command line see them; what does one depends on how Hutch was installed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rollback:
    """An update that was taken back: the version that did not stay, a sentence that says why, and when (aware UTC)."""

    version: str
    reason: str
    at: datetime


class UpdatePhase(StrEnum):
    """How far an update is. TRYING: the new version runs and its boot checks are not through yet."""

    IDLE = "idle"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    INSTALLING = "installing"
    RESTARTING = "restarting"
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Release:
    """A version on offer. ``sha256`` is hex; ``size`` in bytes."""

    version: str
    url: str
    sha256: str
    size: int | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class UpdateState:
    """Where an update stands; ``percent`` 0 to 100 of the phase, ``problem`` a sentence when it failed."""

    phase: UpdatePhase = UpdatePhase.IDLE
    version: str | None = None
    percent: int = 0
    detail: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the two places a version lives in: ``A`` or ``B`` on the image, a release folder elsewhere."""

    name: str
    version: str | None
    running: bool
    next: bool
    """The next start comes from here."""
    good: bool
    """It has passed its boot checks."""
    attempts_left: int | None = None


class Updater(Protocol):
    """One way to another version: a second system slot on the image, a release folder elsewhere."""

    async def check(self) -> Release | None:
        """What the channel offers and this device does not run yet. UPDATE_UNAVAILABLE where there is no channel."""

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        """Bring the device to ``version`` from the bundle at ``url`` with the given SHA-256 (hex).

        Returns the version that is installed; it runs after the restart that follows. A Problem (UPDATE_UNAVAILABLE,
        CHECKSUM_MISMATCH, DISK_FULL, CONFLICT for one that runs already, and others) says why it is not.
        """

    async def install_file(self, bundle: Path, *, downgrade: bool = False) -> str:
        """As :meth:`install`, from a bundle that is on the device: uploaded, or on a USB stick."""

    async def restart(self) -> None:
        """Start what was installed now, instead of in the maintenance window."""

    def state(self) -> UpdateState:
        """Never blocks."""

    async def slots(self) -> tuple[Slot, ...]:
        """The two places, the running one first."""

    def last_rollback(self) -> Rollback | None:
        """The last update that was taken back, unless one went well since. Never blocks."""

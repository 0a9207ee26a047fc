"""Updates as the page, the hub and the command line see them; what does one depends on how Hutch was installed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, Protocol

Automatic = Literal["off", "patch"]
"""What is installed without being asked: nothing, or versions that only mend (1.2.3 to 1.2.4)."""

WINDOW_FORM: Final = r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$"
"""A window of every day, such as ``03:00-05:00``."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """An update that was taken back: the version that did not stay, a sentence that says why, and when (aware UTC)."""

    version: str
    reason: str
    at: datetime


class UpdatePhase(StrEnum):
    """How far an update is."""

    IDLE = "idle"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    INSTALLING = "installing"
    INSTALLED = "installed"
    """It is in place, and runs after the next restart."""
    RESTARTING = "restarting"
    TRYING = "trying"
    """The new version runs, and its boot checks are not through yet."""
    FAILED = "failed"


BUSY = frozenset(
    {
        UpdatePhase.CHECKING,
        UpdatePhase.DOWNLOADING,
        UpdatePhase.VERIFYING,
        UpdatePhase.INSTALLING,
        UpdatePhase.RESTARTING,
        UpdatePhase.TRYING,
    }
)
"""The phases in which nothing else can be begun."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version on offer. ``sha256`` is hex; ``size`` in bytes; ``min_version``: what has to run before it."""

    version: str
    url: str
    sha256: str
    size: int | None = None
    notes: str = ""
    min_version: str | None = None


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


@dataclass(frozen=True, slots=True)
class Medium:
    """A bundle on a USB stick or another medium that can be taken out; ``size`` in bytes."""

    path: Path
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


class Updater(Protocol):
    """One way to another version: a second system slot on the image, a release folder elsewhere."""

    async def check(self) -> Release | None:
        """What the channel offers and this device does not run yet. UPDATE_UNAVAILABLE where there is no channel."""

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        """Bring the device to ``version`` from the bundle at ``url`` with the given SHA-256 (hex).

        An empty ``sha256`` or ``version`` is not known beforehand: the bundle's signature and its manifest say it then.
        Returns the version that is installed; it runs after the restart that follows. A Problem (UPDATE_UNAVAILABLE,
        BUNDLE_REFUSED, CHECKSUM_MISMATCH, DISK_FULL, CONFLICT for one that runs already, and others) says why it is
        not.
        """

    async def install_file(self, bundle: Path, *, downgrade: bool = False) -> str:
        """As :meth:`install`, from a bundle that is on the device: uploaded, or on a USB stick."""

    async def restart(self) -> None:
        """Start what was installed now, instead of in the maintenance window."""

    async def media(self) -> tuple[Medium, ...]:
        """Bundles on media that can be taken out."""

    def state(self) -> UpdateState:
        """Never blocks."""

    def offered(self) -> Release | None:
        """What the last check found, unless it runs by now. Never blocks."""

    async def slots(self) -> tuple[Slot, ...]:
        """The two places, the running one first."""

    def last_rollback(self) -> Rollback | None:
        """The last update that was taken back, unless one went well since. Never blocks."""

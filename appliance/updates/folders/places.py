"""The release folders and the links between them, as packaging/releases/hutch-start moves them. Blocks."""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.updates.verdict import VerdictFile, read_verdict
from foundation.files import problems_of

SLOTS: Final = ("A", "B")
_LARGEST: Final = 64 * 1024


class ReleaseFile(BaseModel):
    """``release.json``, the last that is written of a release folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str = Field(max_length=64)
    slot: Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What the start script says about a release that it took back."""

    version: str
    reason: str


class Places:
    """One folder with releases, ``/opt/hutch``."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.releases = top / "releases"
        self._state = top / "state"

    @property
    def incoming(self) -> Path:
        """Where an archive is unpacked."""
        return self.top / "incoming"

    @property
    def log(self) -> Path:
        """What was said while a release folder was made."""
        return self.top / "incoming.log"

    def folder(self, version: str) -> Path:
        """Where a version lives."""
        return self.releases / version

    def led_to(self, link: Literal["current", "previous", "next"]) -> ReleaseFile | None:
        """The release behind a link; None where there is none that is whole."""
        path = self.top / link
        try:
            if not path.is_symlink() or path.resolve().parent != self.releases.resolve():
                return None
            with (path / "release.json").open("rb") as file:
                return ReleaseFile.model_validate_json(file.read(_LARGEST))
        except (OSError, ValidationError):
            return None

    def set_next(self, version: str) -> None:
        """Have the next start try a version. Raises Problem."""
        new, link = self.top / "next.new", self.top / "next"
        with problems_of(link):
            new.unlink(missing_ok=True)
            new.symlink_to(Path("releases") / version)
            new.replace(link)
            _sync(self.top)

    def forget_next(self) -> None:
        """Have the next start stay with what runs. Raises Problem."""
        with problems_of(self.top / "next"):
            (self.top / "next").unlink(missing_ok=True)

    def tried(self) -> bool:
        """Whether what runs is still watched by the start script."""
        return (self._state / "trial").exists()

    def taken_back(self) -> TakenBack | None:
        """What was taken back last."""
        try:
            with (self._state / "taken-back").open("rb") as file:
                version, _, reason = file.read(_LARGEST).decode(errors="replace").partition("\n")
        except OSError:
            return None
        return TakenBack(version.strip(), reason.strip())

    def verdict(self) -> VerdictFile | None:
        """What the checks of the release that was tried last found."""
        return read_verdict(self._state / "verdict.json")

    def prune(self) -> None:
        """Remove every release but those that links lead to, and what an interrupted installation left.

        Nothing, while install.sh holds the lock: what it makes has no link yet.
        """
        lock = os.open(self.top / "lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._prune()
        except BlockingIOError:
            return
        finally:
            os.close(lock)

    def _prune(self) -> None:
        kept = {
            (self.top / link).resolve() for link in ("current", "previous", "next") if (self.top / link).is_symlink()
        }
        shutil.rmtree(self.incoming, ignore_errors=True)
        with problems_of(self.releases):
            for folder in self.releases.iterdir():
                if folder.resolve() not in kept:
                    shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

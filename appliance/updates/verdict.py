"""The verdict of the boot checks as a file: ``hutch boot-check`` writes it, who decides about a version reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

_LARGEST = 256 * 1024
_MODE = 0o644


class CheckResult(BaseModel):
    """What one check found. ``seconds``: how long it took."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(max_length=128)
    verdict: Literal["ok", "warn", "fail", "skip"]
    text: str = Field(max_length=2000)
    seconds: float = 0.0


class VerdictFile(BaseModel):
    """What all checks of one boot found. ``ok``: none failed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ok: bool
    version: str = Field(max_length=128)
    boot_id: str = Field(max_length=64)
    at: AwareDatetime
    checks: tuple[CheckResult, ...] = Field(max_length=100)

    def words(self) -> str:
        """The checks that failed, as one line."""
        return " ".join(f"{_capital(one.name)}: {one.text}" for one in self.checks if one.verdict == "fail")[:2000]


def read_verdict(path: Path) -> VerdictFile | None:
    """The last verdict; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return VerdictFile.model_validate_json(file.read(_LARGEST))
    except (OSError, ValidationError):
        return None


def write_verdict(path: Path, verdict: VerdictFile) -> None:
    """Write it in one step and to the disk itself: what follows may be a reset. Raises OSError.

    Readable by everybody: who decides may be another account, and nothing in it is secret.
    """
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(verdict.model_dump_json(indent=1).encode())
        file.flush()
        os.fchmod(file.fileno(), _MODE)
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

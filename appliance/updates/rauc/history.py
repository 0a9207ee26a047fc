"""What happened at the starts of the machine: written by units of the image, read here to tell why a version went.

``attempts.jsonl``: one line for each boot. ``verdict.json``: what the boot checks of the last boot found. ``pstore``:
what the kernel wrote before it stopped. All of it lies on the data partition, so that either slot can read it. Blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.updates.state import Trial
from appliance.updates.verdict import VerdictFile, read_verdict

_TAIL: Final = 256 * 1024
_PANIC: Final = re.compile(r"Kernel panic - not syncing: (.{1,200})")
M = TypeVar("M", bound=BaseModel)


class Attempt(BaseModel):
    """One boot."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    slot: str = Field(max_length=64)
    version: str = Field(default="", max_length=128)
    boot_id: str = Field(default="", max_length=64)


@dataclass(frozen=True, slots=True)
class History:
    """The files of one boot folder."""

    folder: Path

    @property
    def verdict(self) -> Path:
        """Where the boot checks write what they found."""
        return self.folder / "verdict.json"

    def passed(self, boot_id: str) -> bool:
        """Whether the boot checks of this boot went well."""
        found = read_verdict(self.verdict)
        return found is not None and found.ok and found.boot_id == boot_id

    def why(self, trial: Trial) -> str:
        """Why a version that was installed does not run."""
        tries = [one for one in _since(_attempts(self.folder / "attempts.jsonl"), trial) if one.slot == trial.slot]
        found = read_verdict(self.verdict)
        verdict = found if found is not None and found.boot_id in {one.boot_id for one in tries} else None
        return _sentence(trial, len(tries), verdict, self._panic(trial))

    def _panic(self, trial: Trial) -> str:
        """What the kernel said at its end, since the version was installed; empty where it said nothing."""
        after = trial.installed_at.timestamp()
        for path in sorted((self.folder / "pstore").rglob("*"), reverse=True):
            try:
                if path.is_file() and path.stat().st_mtime >= after and (found := _PANIC.search(_tail(path))):
                    return found[1].strip()
            except OSError:
                continue
        return ""


def _sentence(trial: Trial, tries: int, verdict: VerdictFile | None, panic: str) -> str:
    times = "once" if tries == 1 else f"{tries} times"
    if verdict is not None and not verdict.ok:
        return f"Version {trial.version} started, and its checks failed. {verdict.words()}"
    if panic:
        return f"Version {trial.version} was started, and its kernel stopped: {panic}."
    if verdict is not None:
        return (
            f"Version {trial.version} passed its checks, but the device went down before that was written to the disk."
        )
    if not tries:
        return f"Version {trial.version} was never seen to start: slot {trial.slot} stopped at once."
    return (
        f"Version {trial.version} was started {times} and did not get through its checks: "
        "it hung, or the power was cut."
    )


def _since(attempts: Iterable[Attempt], trial: Trial) -> list[Attempt]:
    """The boots after the one in which the version was installed. By their order: a clock may be wrong, or go back."""
    since: list[Attempt] = []
    for attempt in attempts:
        since = [] if attempt.boot_id == trial.boot_id else [*since, attempt]
    return since


def _attempts(path: Path) -> list[Attempt]:
    try:
        lines = _tail(path).splitlines()
    except OSError:
        return []
    return [attempt for line in lines if (attempt := _line(line)) is not None]


def _line(line: str) -> Attempt | None:
    try:
        return Attempt.model_validate_json(line)
    except ValidationError:
        return None  # the half line of a power cut


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        return file.read(_TAIL).decode(errors="replace")

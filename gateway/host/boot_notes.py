"""What the image found out while it started and a person should know: it was before there was a page to say it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

_LARGEST: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class BootNote:
    """A stable word, and a sentence that tells what to do."""

    reason: str
    text: str


class _Settings(BaseModel):
    """What became of the settings on the first partition."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    problem: str | None = None


def read_boot_notes(folder: Path) -> tuple[BootNote, ...]:
    """The notes of this start in the image's boot folder; none where there is no such folder. Blocks."""
    notes = []
    if (problem := _settings_problem(folder / "settings.json")) is not None:
        more = "Mend the file and start the device again, or delete it."
        notes.append(BootNote("settings_refused", f"{problem[:500]} {more}"))
    if (lost := _text(folder / "data-lost").strip()) != "":
        notes.append(BootNote("data_lost", lost[:500]))
    return tuple(notes)


def _settings_problem(path: Path) -> str | None:
    try:
        return _Settings.model_validate_json(_text(path)).problem
    except ValidationError:
        return None  # there is none, or the half of one after a power cut


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode(errors="replace")
    except OSError:
        return ""

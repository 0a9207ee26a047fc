"""What is remembered of updates over restarts: ``state.json`` and ``rollback.json`` in the updates folder.

Both are written in one step, so that a power cut leaves the old or the new. A file that cannot be read is put aside and
begun anew: an update must never be what keeps a device from starting. Everything here blocks; call it from a thread.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from foundation.files import read_private, remove_private, write_private
from gateway.updates.types import Rollback, UpdatePhase
from protocol.problems import Problem

log = structlog.get_logger(__name__)

_Text = Field(default="", max_length=4000)
M = TypeVar("M", bound=BaseModel)


class Trial(BaseModel):
    """A version that was installed and has not shown yet that it works. Ends with the commit or the way back."""

    model_config = ConfigDict(frozen=True)

    version: str = Field(max_length=128)
    slot: str = Field(default="", max_length=128)
    """Where it was installed to."""
    from_version: str = Field(max_length=128)
    installed_at: AwareDatetime
    boot_id: str = Field(max_length=64)
    """Of the boot in which it was installed: in any later boot it was tried, or was not started."""
    hub_online: bool = False
    """Whether the hub was reached when the restart began, so that it must be reached again."""


class Record(BaseModel):
    """Where updates stand."""

    model_config = ConfigDict(frozen=True)

    phase: UpdatePhase = UpdatePhase.IDLE
    version: str | None = Field(default=None, max_length=128)
    detail: str = _Text
    problem: str = _Text
    trial: Trial | None = None


class _RollbackFile(BaseModel):
    version: str = Field(max_length=128)
    reason: str = Field(max_length=4000)
    at: AwareDatetime


class StateFiles:
    """The files of one updates folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def state(self) -> Path:
        """Where the record is."""
        return self.folder / "state.json"

    @property
    def rollback(self) -> Path:
        """Where the last way back is."""
        return self.folder / "rollback.json"

    def read(self) -> Record:
        """The record; an empty one where there is none."""
        return _read(self.state, Record) or Record()

    def write(self, record: Record) -> None:
        """Remember. Raises Problem DISK_FULL and others."""
        write_private(self.state, record.model_dump_json(indent=1).encode())

    def read_rollback(self) -> Rollback | None:
        """The last update that was taken back."""
        found = _read(self.rollback, _RollbackFile)
        return None if found is None else Rollback(found.version, found.reason, found.at)

    def write_rollback(self, rollback: Rollback) -> None:
        """Remember why. Raises Problem."""
        file = _RollbackFile(version=rollback.version, reason=rollback.reason[:4000], at=rollback.at)
        write_private(self.rollback, file.model_dump_json(indent=1).encode())

    def forget_rollback(self) -> None:
        """An update went well since. Raises Problem."""
        remove_private(self.rollback)


def _read(path: Path, model: type[M]) -> M | None:
    try:
        content = read_private(path)
        return None if content is None else model.model_validate_json(content)
    except (Problem, ValidationError) as error:
        log.warning("a file about updates cannot be read and is put aside", path=str(path), reason=str(error)[:200])
        with suppress(OSError):
            path.replace(path.with_suffix(".unreadable"))
        return None


def boot_id(file: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """The name of this boot of the machine; empty where the kernel has none."""
    try:
        return file.read_text().strip()
    except OSError:
        return ""

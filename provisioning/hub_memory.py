"""What stays of a hub from one start to the next: what it may do, and by which key it is known."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foundation.files import read_private, write_private
from protocol.events import PERMISSIONS, Permission
from protocol.fields import Line, PublicKey
from protocol.problems import Problem, ProblemCode


class HubMemory(BaseModel):
    """What the owner allows, and the hub that was trusted first."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    allows: tuple[Permission, ...] = PERMISSIONS
    url: str | None = Field(default=None, max_length=2048, description="Of the hub that the key belongs to.")
    hub_key: PublicKey | None = None
    name: Line | None = Field(default=None, description="What this device is called there.")
    organisation: Line | None = None


class HubMemoryFile:
    """The memory in its file (mode 0600). Every method blocks for a small file and raises :class:`Problem`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> HubMemory:
        """What is remembered; everything is allowed and nobody known where there is no file."""
        content = read_private(self._path)
        if content is None:
            return HubMemory()
        try:
            return HubMemory.model_validate_json(content)
        except ValidationError:
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"{self._path} does not hold what this device knows of its hub. Remove it and start again; then look "
                "at the hub's settings page at what the hub may do.",
            ) from None

    def write(self, memory: HubMemory) -> None:
        """Remember this instead of what was there before."""
        write_private(self._path, memory.model_dump_json().encode())

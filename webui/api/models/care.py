"""Backup, restore and factory reset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from foundation.web.models import NO_CONTROLS, Answer, Body
from gateway.care.types import LONGEST_PASSPHRASE, MAX_BACKUP, CarePhase, CareState, Checked, Saved

_Folder = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00/]+$")]
Passphrase = Annotated[SecretStr, Field(max_length=LONGEST_PASSPHRASE, description="At least 8 characters.")]


class CareStateAnswer(Answer):
    """What is being done."""

    phase: CarePhase
    percent: int = Field(description="0 to 100.")
    detail: str
    problem: str = Field(description="Why the last backup, or the check of one, came to nothing; empty otherwise.")

    @classmethod
    def of(cls, state: CareState) -> CareStateAnswer:
        """The answer that shows a state."""
        return cls(phase=state.phase, percent=state.percent, detail=state.detail, problem=state.problem)


class SavedAnswer(Answer):
    """A backup that can be downloaded."""

    name: str
    size: int = Field(description="Bytes, encrypted.")
    made_at: datetime
    folders: list[str]
    unread: int = Field(description="Files and folders left out because the device may not read them.")

    @classmethod
    def of(cls, saved: Saved) -> SavedAnswer:
        """The answer that shows a backup."""
        return cls(
            name=saved.name, size=saved.size, made_at=saved.made_at, folders=list(saved.folders), unread=saved.unread
        )


class CheckedAnswer(Answer):
    """A backup that was brought, and is good."""

    device: str
    version: str = Field(description="Of Hutch, which made it.")
    made_at: datetime
    size: int = Field(description="Bytes, unpacked.")
    files: int
    folders: list[str]

    @classmethod
    def of(cls, checked: Checked) -> CheckedAnswer:
        """The answer that shows it."""
        return cls(
            device=checked.device,
            version=checked.version,
            made_at=checked.made_at,
            size=checked.size,
            files=checked.files,
            folders=list(checked.folders),
        )


class CareAnswer(Answer):
    """All about backup and restore."""

    state: CareStateAnswer
    folders: list[str] = Field(description="What of the workspace a backup may take in.")
    saved: SavedAnswer | None
    received: int = Field(description="Bytes of the backup that is being brought.")
    checked: CheckedAnswer | None


class ReceivedAnswer(Answer):
    """How much of a backup came, in bytes; with the last one it is checked as a whole."""

    received: int
    checked: CheckedAnswer | None


class NewBackup(Body):
    """What a backup holds beside the device itself, and what it is encrypted with."""

    passphrase: Passphrase
    folders: Annotated[tuple[_Folder, ...], Field(max_length=1000)] = ()


class NewRestore(Body):
    """A backup that is going to come."""

    passphrase: Passphrase
    size: int = Field(ge=1, le=MAX_BACKUP, description="Bytes of the file.")


class RestorePieceQuery(Body):
    """Where a piece of a backup belongs, in bytes."""

    offset: int = Field(ge=0, le=MAX_BACKUP)


class ResetOrder(Body):
    """A factory reset, meant."""

    name: Annotated[str, StringConstraints(max_length=255, pattern=NO_CONTROLS)] = Field(
        description="The device's name, as a sign that this device is meant."
    )
    workspace: bool = Field(default=False, description="Whether people's files in the workspace go, too.")

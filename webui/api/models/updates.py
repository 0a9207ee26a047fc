"""Updates of the device."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from foundation.web.models import NO_CONTROLS, Answer, Body, Sha256
from gateway.updates.desk import Order
from gateway.updates.preferences import Preferences
from gateway.updates.types import WINDOW_FORM, Automatic, Medium, Release, Rollback, Slot, UpdatePhase, UpdateState
from gateway.updates.uploads import MAX_UPLOAD, Upload

_Url = Annotated[str, StringConstraints(min_length=8, max_length=4096, pattern=NO_CONTROLS)]
_Version = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROLS)]


class UpdateStateAnswer(Answer):
    """Where an update stands."""

    phase: UpdatePhase
    version: str | None
    percent: int = Field(description="0 to 100 of the phase.")
    detail: str
    problem: str = Field(description="Why it failed; empty otherwise.")

    @classmethod
    def of(cls, state: UpdateState) -> UpdateStateAnswer:
        """The answer that shows a state."""
        return cls(
            phase=state.phase, version=state.version, percent=state.percent, detail=state.detail, problem=state.problem
        )


class SlotAnswer(Answer):
    """One of the places a version lives in."""

    name: str
    version: str | None
    running: bool
    next: bool = Field(description="The next start comes from here.")
    good: bool = Field(description="It has passed its boot checks.")

    @classmethod
    def of(cls, slot: Slot) -> SlotAnswer:
        """The answer that shows a slot."""
        return cls(name=slot.name, version=slot.version, running=slot.running, next=slot.next, good=slot.good)


class RollbackAnswer(Answer):
    """An update that was taken back."""

    version: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, rollback: Rollback) -> RollbackAnswer:
        """The answer that shows a rollback."""
        return cls(version=rollback.version, reason=rollback.reason, at=rollback.at)


class ReleaseAnswer(Answer):
    """What the channel offers."""

    version: str
    url: str
    size: int | None
    notes: str

    @classmethod
    def of(cls, release: Release) -> ReleaseAnswer:
        """The answer that shows a release."""
        return cls(version=release.version, url=release.url, size=release.size, notes=release.notes)


class UploadedAnswer(Answer):
    """How far an upload is, in bytes."""

    received: int
    size: int

    @classmethod
    def of(cls, upload: Upload) -> UploadedAnswer:
        """The answer that shows an upload."""
        return cls(received=upload.received, size=upload.size)


class UpdatePreferencesAnswer(Answer):
    """What comes by itself, and when."""

    automatic: Automatic
    window: str
    channel: str | None
    settled: list[str] = Field(description="What the settings file decides.")

    @classmethod
    def of(cls, preferences: Preferences) -> UpdatePreferencesAnswer:
        """The answer that shows preferences."""
        return cls(
            automatic=preferences.automatic,
            window=str(preferences.window),
            channel=preferences.channel,
            settled=sorted(preferences.settled),
        )


class UpdatesAnswer(Answer):
    """All about updates."""

    running: str = Field(description="The version that runs.")
    state: UpdateStateAnswer
    slots: list[SlotAnswer] = Field(description="The running one first; empty where there are none.")
    unavailable: str = Field(description="Why the slots cannot be told; empty where they are.")
    offered: ReleaseAnswer | None
    rollback: RollbackAnswer | None
    upload: UploadedAnswer | None
    preferences: UpdatePreferencesAnswer


class MediumAnswer(Answer):
    """A bundle on a USB stick."""

    path: str
    name: str
    size: int


class MediaAnswer(Answer):
    """Bundles on media that can be taken out."""

    media: list[MediumAnswer]

    @classmethod
    def of(cls, media: Iterable[Medium]) -> MediaAnswer:
        """The answer that lists media."""
        return cls(media=[MediumAnswer(path=str(one.path), name=one.name, size=one.size) for one in media])


class InstallOrder(Body):
    """What to install. Without ``url`` and ``file``: what the channel offers."""

    url: _Url | None = None
    sha256: Sha256 | None = Field(
        default=None, description="Of the bundle at the address; without it the signature decides."
    )
    version: _Version | None = None
    file: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = Field(
        default=None, description="“upload” for the bundle that was uploaded, else the path of one on a medium."
    )
    downgrade: bool = False

    def order(self) -> Order:
        """The order."""
        return Order(
            url=self.url or "",
            sha256=(self.sha256 or "").lower(),
            version=self.version or "",
            file=self.file or "",
            downgrade=self.downgrade,
        )


class PieceQuery(Body):
    """Where a piece of a bundle belongs, in bytes."""

    offset: int = Field(ge=0, le=MAX_UPLOAD)
    size: int = Field(ge=1, le=MAX_UPLOAD, description="Of the whole bundle.")


class PreferencesChange(Body):
    """What is to be another way; what is left out stays."""

    automatic: Automatic | None = None
    window: Annotated[str, StringConstraints(pattern=WINDOW_FORM)] | None = None

"""What a rollout is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from protocol.fields import Sha256, Url, Word

MAX_STAGES: Final = 20
MAX_SOAK_SECONDS: Final = 30 * 24 * 3600
_Soak = Annotated[int, Field(ge=0, le=MAX_SOAK_SECONDS)]


class RolloutState(StrEnum):
    """Where a rollout stands."""

    PROPOSED = "proposed"
    """Waits for an owner's approval; no device has heard of it."""
    RUNNING = "running"
    PAUSED = "paused"
    """A person stopped it for now. What is under way on devices goes on."""
    HALTED = "halted"
    """It stopped itself: too many devices failed."""
    FINISHED = "finished"
    """Every device of the group has it or failed; devices that join later are still served."""
    CANCELLED = "cancelled"
    """For good, by a person or by a newer rollout for the same group."""


class TargetState(StrEnum):
    """Where one device stands in a rollout."""

    WAITING = "waiting"
    OFFERED = "offered"
    """Told to update; whether it did is not known yet."""
    INSTALLED = "installed"
    """It says that the update is in place; it has not come back with it yet."""
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"
    """It left the group, or was revoked, before its turn came."""


class Release(BaseModel):
    """What devices are told to install: the wire's ``gateway.update``."""

    model_config = ConfigDict(frozen=True)

    url: Url
    sha256: Sha256
    version: Word


class Stage(BaseModel):
    """How many devices of the group have been offered the release when this stage is complete, all before it included.

    ``soak_seconds`` is how long the hub then watches before it goes on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    soak_seconds: _Soak = 0

    @model_validator(mode="after")
    def _one_of_both(self) -> Stage:
        if (self.count is None) == (self.percent is None):
            raise ValueError("a stage has either a count or a percent")
        return self

    def limit(self, total: int) -> int:
        """The number of devices out of ``total``; a share is rounded up, so that no stage is empty."""
        if self.count is not None:
            return min(self.count, total)
        return min(total, -(-total * (self.percent or 100) // 100))


class Threshold(BaseModel):
    """When a rollout stops itself: at this many failures, if they are also this share of the devices offered so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failures: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    percent: Annotated[int, Field(ge=0, le=100)] = 0

    def passed(self, failed: int, offered: int) -> bool:
        """Whether it is time to stop."""
        return failed >= self.failures and failed * 100 >= self.percent * offered


class Pace(BaseModel):
    """How hard a rollout pushes: devices under way at a time, and seconds a device may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_once: Annotated[int, Field(ge=1, le=1000)] = 25
    answer_seconds: Annotated[int, Field(ge=10, le=24 * 3600)] = 30 * 60
    """From the offer until the device says that the update is in place."""
    return_seconds: Annotated[int, Field(ge=10, le=24 * 3600)] = 15 * 60
    """From there until it is back with the new version."""


class Terms(BaseModel):
    """What devices are offered, and how. The last stage is for everybody: ``percent`` 100."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: Release
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MAX_STAGES)] = (Stage(percent=100),)
    threshold: Threshold = Threshold()
    pace: Pace = Pace()

    @model_validator(mode="after")
    def _ends_with_everybody(self) -> Self:
        if self.stages[-1].percent != 100:
            raise ValueError("the last stage is for every device: give it percent 100")
        return self


class Proposal(Terms):
    """What a person asks for: the terms for the devices of a group."""

    group_id: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout as it is stored. Times are aware UTC."""

    id: int
    organisation_id: int
    group_id: int
    release: Release
    stages: tuple[Stage, ...]
    threshold: Threshold
    pace: Pace
    state: RolloutState
    reason: str
    """Why it stands where it stands, as a sentence; empty where the state says it all."""
    stage: int
    """Index of the stage it works on."""
    settled_at: datetime | None
    """Since when nothing of the stage is under way; the soak counts from here."""
    forgiven: int
    """Failures that a person has seen: they resumed or retried after them."""
    next_at: datetime | None
    """When the worker looks at it again; None while only a person can move it."""
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many devices of a rollout stand where."""

    counts: dict[TargetState, int] = field(default_factory=dict)

    def of(self, *states: TargetState) -> int:
        """Devices in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """Devices that the stages count: all but those that are gone."""
        return sum(self.counts.values()) - self.of(TargetState.GONE)

    @property
    def under_way(self) -> int:
        """Devices that were told and are not through."""
        return self.of(TargetState.OFFERED, TargetState.INSTALLED)

    @property
    def offered(self) -> int:
        """Devices that were ever told."""
        return self.under_way + self.of(TargetState.DONE, TargetState.FAILED)


@dataclass(frozen=True, slots=True)
class Target:
    """One device in a rollout."""

    rollout_id: int
    device_id: str
    name: str
    state: TargetState
    attempt: int
    stage: int | None
    offered_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    error: str

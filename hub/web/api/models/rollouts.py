"""Rollouts: what is asked for, and how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from foundation.web.models import Answer, Body, Number
from hub.rollouts.book import Step
from hub.rollouts.types import (
    Pace,
    Proposal,
    Release,
    RolloutState,
    Stage,
    Target,
    TargetState,
    Terms,
    Threshold,
)

_Limit = Annotated[int, Field(ge=1, le=500)]


class NewRollout(Terms, Body):
    """A release for the devices of a group. The last stage is for everybody: ``percent`` 100."""

    def proposal(self, group_id: int) -> Proposal:
        """The same for a group."""
        return Proposal.model_validate({**dict(self), "group_id": group_id})


class Retry(Body):
    """Which devices have another turn."""

    device_id: Annotated[str, Field(max_length=128)] | None = Field(None, description="All that failed when left out.")


class RolloutAnswer(Answer):
    """A rollout and how many devices stand where."""

    id: int
    organisation_id: int
    group_id: int
    release: Release
    stages: tuple[Stage, ...]
    threshold: Threshold
    pace: Pace
    state: RolloutState
    reason: str
    stage: int = Field(description="Index of the stage it works on.")
    settled_at: datetime | None = Field(description="Since when the stage is only watched.")
    counts: dict[TargetState, int]
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None

    @classmethod
    def of(cls, step: Step) -> RolloutAnswer:
        """The answer that shows a rollout."""
        one = step.rollout
        return cls(
            id=one.id,
            organisation_id=one.organisation_id,
            group_id=one.group_id,
            release=one.release,
            stages=one.stages,
            threshold=one.threshold,
            pace=one.pace,
            state=one.state,
            reason=one.reason,
            stage=one.stage,
            settled_at=one.settled_at,
            counts={state: step.tally.of(state) for state in TargetState},
            created_by=one.created_by,
            created_at=one.created_at,
            approved_by=one.approved_by,
            approved_at=one.approved_at,
        )


class RolloutsQuery(Body):
    """Which rollouts, and how many."""

    group_id: Number | None = None
    after: Number | None = Field(None, description="The id of the last one seen; older ones follow.")
    limit: _Limit = 50


class RolloutsAnswer(Answer):
    """Rollouts, newest first."""

    rollouts: list[RolloutAnswer]


class TargetsQuery(Body):
    """Which devices of a rollout, and how many."""

    state: TargetState | None = None
    after: Annotated[str, Field(max_length=128)] = Field("", description="The id of the last device seen.")
    limit: _Limit = 100


class TargetAnswer(Answer):
    """One device in a rollout."""

    device_id: str
    name: str
    state: TargetState
    attempt: int
    stage: int | None
    offered_at: datetime | None
    finished_at: datetime | None
    error: str

    @classmethod
    def of(cls, target: Target) -> TargetAnswer:
        """The answer that shows a device of a rollout."""
        return cls(
            device_id=target.device_id,
            name=target.name,
            state=target.state,
            attempt=target.attempt,
            stage=target.stage,
            offered_at=target.offered_at,
            finished_at=target.finished_at,
            error=target.error,
        )


class TargetsAnswer(Answer):
    """Devices of a rollout, in the order of their ids."""

    targets: list[TargetAnswer]

"""How far a rollout is, stage by stage, and what somebody may do with it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.web.pages import words
from foundation.web.pages.rendering import PageView
from hub.people.roles import Role
from hub.rollouts.book import Step
from hub.rollouts.states import ROLLOUT_MOVES, Move
from hub.rollouts.types import Rollout, RolloutState, Stage, TargetState
from hub.web.pages.rollouts import RolloutRow, row_of


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage: how many devices it reaches, and where it stands."""

    words: str
    soak: str
    reached: int
    limit: int
    state: str
    """``done``, ``now``, ``watching`` or ``later``."""
    goes_on_at: datetime | None
    """When the watching ends; None where nothing is watched."""


@dataclass(frozen=True, slots=True)
class Does:
    """A button: what it does, and the question it asks before."""

    move: str
    name: str
    icon: str
    ask: str
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView(PageView):
    """How it stands."""

    row: RolloutRow
    stages: Sequence[StageLine]
    buttons: Sequence[Does]


_BUTTONS: Final[tuple[tuple[Move, Role, Does], ...]] = (
    (
        Move.APPROVE,
        Role.OWNER,
        Does("approve", "Approve", "check", "Approve it? The first devices are told at once.", main=True),
    ),
    (
        Move.RESUME,
        Role.OWNER,
        Does("resume", "Resume", "play", "Resume it? Failures so far no longer count.", main=True),
    ),
    (Move.PAUSE, Role.OPERATOR, Does("pause", "Pause", "pause", "")),
    (
        Move.HALT,
        Role.OPERATOR,
        Does("halt", "Halt", "stop", "Halt it, as it would by itself? Only an owner can let it go on."),
    ),
    (
        Move.CANCEL,
        Role.OWNER,
        Does("cancel", "Cancel", "close", "Cancel it for good? Devices that have it keep it; no other is told."),
    ),
)


def progress_of(step: Step, group: str, held: Role | None) -> ProgressView:
    """What somebody with the role ``held`` in the group sees of a rollout."""
    moves = ROLLOUT_MOVES[step.rollout.state]
    return ProgressView(
        title=step.rollout.release.version,
        row=row_of(step, group),
        stages=_lines(step),
        buttons=[does for move, role, does in _BUTTONS if move in moves and held is not None and held.may(role)],
    )


def _lines(step: Step) -> list[StageLine]:
    rollout, total = step.rollout, step.tally.total
    settled = step.tally.of(TargetState.DONE, TargetState.FAILED)
    return [
        StageLine(
            words=_words(stage),
            soak=_span(stage.soak_seconds),
            reached=min(settled, stage.limit(total)),
            limit=stage.limit(total),
            state=_state(rollout, index),
            goes_on_at=_goes_on(rollout, index, stage),
        )
        for index, stage in enumerate(rollout.stages)
    ]


def _span(seconds: int) -> str:
    """A whole number of its unit without the rest: ``1 h`` and not ``1 h 0 min``."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return words.duration(seconds) if seconds else ""


def _words(stage: Stage) -> str:
    if stage.count is not None:
        return words.plural(stage.count, "device")
    return "Everybody" if stage.percent == 100 else f"{stage.percent} % of the group"


def _state(rollout: Rollout, index: int) -> str:
    if rollout.state is RolloutState.PROPOSED:
        return "later"
    if index < rollout.stage or rollout.state is RolloutState.FINISHED:
        return "done"
    if index > rollout.stage or rollout.state is RolloutState.CANCELLED:
        return "later"
    return "watching" if rollout.settled_at is not None else "now"


def _goes_on(rollout: Rollout, index: int, stage: Stage) -> datetime | None:
    watched = rollout.state is RolloutState.RUNNING and index == rollout.stage and stage.soak_seconds > 0
    if not watched or rollout.settled_at is None:
        return None
    return rollout.settled_at + timedelta(seconds=stage.soak_seconds)

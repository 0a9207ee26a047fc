"""What a rollout does next, from its counts alone: no database, no clock, no device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.rollouts.types import Rollout, RolloutState, Tally, TargetState

LOOK_AGAIN: Final = timedelta(seconds=30)
"""How often a running rollout is looked at when nothing calls for it: somebody may be back online, or overdue."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The next step. ``offer`` is how many waiting devices may be told now, at most."""

    state: RolloutState
    stage: int
    settled_at: datetime | None
    next_at: datetime | None
    offer: int = 0
    reason: str = ""


def plan(rollout: Rollout, tally: Tally, now: datetime) -> Plan:
    """The step that follows from how a rollout stands. Only a running one moves, and a paused one may be halted."""
    failed = tally.of(TargetState.FAILED) - rollout.forgiven
    active = rollout.state in (RolloutState.RUNNING, RolloutState.PAUSED)
    if active and failed > 0 and rollout.threshold.passed(failed, tally.offered):
        return _halt(rollout, failed)
    if rollout.state is not RolloutState.RUNNING:
        return Plan(rollout.state, rollout.stage, rollout.settled_at, None, reason=rollout.reason)
    return _go_on(rollout, tally, now)


def _halt(rollout: Rollout, failed: int) -> Plan:
    many = "1 device" if failed == 1 else f"{failed} devices"
    reason = f"{many} could not be updated. Look why, then resume or cancel."
    return Plan(RolloutState.HALTED, rollout.stage, rollout.settled_at, None, reason=reason)


def _go_on(rollout: Rollout, tally: Tally, now: datetime) -> Plan:
    last = rollout.stage >= len(rollout.stages) - 1
    room = rollout.stages[rollout.stage].limit(tally.total) - tally.offered
    if last:
        room = tally.of(TargetState.WAITING)
    if room > 0:
        offer = max(0, min(room, rollout.pace.at_once - tally.under_way))
        return Plan(RolloutState.RUNNING, rollout.stage, None, now + LOOK_AGAIN, offer=offer)
    if tally.under_way:
        return Plan(RolloutState.RUNNING, rollout.stage, None, now + LOOK_AGAIN)
    settled = rollout.settled_at or now
    ready = settled + timedelta(seconds=rollout.stages[rollout.stage].soak_seconds)
    if now < ready:
        return Plan(RolloutState.RUNNING, rollout.stage, settled, min(ready, now + LOOK_AGAIN))
    if last:
        return Plan(RolloutState.FINISHED, rollout.stage, settled, now + LOOK_AGAIN)
    return Plan(RolloutState.RUNNING, rollout.stage + 1, None, now)

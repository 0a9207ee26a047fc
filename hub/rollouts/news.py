"""Steps of rollouts as events of the hub."""

from __future__ import annotations

from collections.abc import Callable

from hub.events import AnyHubEvent, RolloutChanged
from hub.rollouts.book import Step


class RolloutNews:
    """Publishes how a rollout stands, once for each step that changed something."""

    def __init__(self, publish: Callable[[AnyHubEvent], None]) -> None:
        self._publish = publish
        self._last: dict[int, tuple[str, str, dict[str, int]]] = {}

    def __call__(self, step: Step) -> None:
        """Tell of a step."""
        rollout = step.rollout
        counts = {state.value: number for state, number in step.tally.counts.items()}
        now = (rollout.state.value, rollout.reason, counts)
        if self._last.get(rollout.id) == now:
            return
        self._last[rollout.id] = now
        self._publish(
            RolloutChanged(
                organisation_id=rollout.organisation_id,
                group_id=rollout.group_id,
                rollout_id=rollout.id,
                version=rollout.release.version,
                state=rollout.state.value,
                reason=rollout.reason,
                counts=counts,
            )
        )

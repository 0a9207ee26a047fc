"""Looks at devices as they speak, and at those that are silent now and then; raises and clears alerts for the hub."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from hub.events import (
    AlertCleared,
    AlertEventBase,
    AlertRaised,
    AnyHubEvent,
    GroupChanged,
    RolloutChanged,
)
from hub.fleet.alerts import news
from hub.fleet.alerts.absent import Absent
from hub.fleet.alerts.judge import judge
from hub.fleet.alerts.limits import Limits
from hub.fleet.alerts.rules import ROLLOUT_HALTED
from hub.fleet.alerts.store import AlertStore
from hub.fleet.alerts.types import Clear, Facts, Key, Place, Raise, Step
from hub.fleet.announcer import Announcer
from hub.fleet.live import LiveDevice
from protocol.problems import Problem

_LOG = structlog.get_logger("hub.alerts")
THRESHOLDS: Final = "alerts"
"""What a group.changed names when its thresholds are others."""
_RETRY_SECONDS: Final = 5.0


class AlertEngine:
    """One on each node. What is open is known in memory; the store decides who raises it."""

    def __init__(
        self,
        store: AlertStore,
        limits: Limits,
        absent: Absent,
        announcer: Announcer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._limits = limits
        self._absent = absent
        self._announcer = announcer
        self._clock = clock
        self._open: dict[str, dict[Key, datetime]] = {}
        self._steps: deque[tuple[Place, Step]] = deque()
        self._wake = asyncio.Event()
        self._stale = False
        announcer.on_publish(self._heard)
        announcer.on_relayed(self._relayed)

    async def start(self) -> None:
        """Learn what is open."""
        await self._limits.load()
        await self._learn()

    @property
    def open_count(self) -> int:
        """Alerts of the whole hub that are open, as far as this node knows."""
        return sum(len(opened) for opened in self._open.values())

    def look(self, live: LiveDevice, now: datetime) -> None:
        """Look at a device that is connected to this node. Never blocks."""
        row = live.row
        self._judge(Place(row.id, row.name, row.organisation_id, row.group_id, row.id), live.facts(now))

    async def look_for_absent(self) -> None:
        """Look at devices that are away for long; what other nodes raised is learned anew, should word be lost."""
        await self._learn()
        now = self._clock()
        for place, since in await self._absent.find(now, self._limits.shortest_absence()):
            self._judge(place, Facts(now=now, online=False, since=since))

    async def work(self) -> None:
        """Carry out what was decided so far. Raises :class:`Problem` where the store cannot; nothing is lost then."""
        if self._stale:
            self._stale = False
            await self._limits.load()
        while self._steps:
            place, step = self._steps[0]
            await self._carry_out(place, step)
            self._steps.popleft()

    async def run(self, every: float = 30.0) -> None:
        """Work as things happen, and look for those that are away ``every`` so many seconds, until cancelled."""
        loop = asyncio.get_running_loop()
        next_look = loop.time()
        while True:
            try:
                if loop.time() >= next_look:
                    next_look = loop.time() + every
                    await self.look_for_absent()
                await self.work()
            except Problem as problem:
                _LOG.warning("alerts.store_away", waiting=len(self._steps), problem=str(problem))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            try:
                async with asyncio.timeout_at(next_look):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    # Inside

    async def _learn(self) -> None:
        alerts = await self._store.open_alerts()
        if self._steps:
            return  # What was decided here and is not stored yet would be forgotten.
        self._open.clear()
        for alert in alerts:
            self._note(alert.about, alert.key, alert.raised_at)

    def _judge(self, place: Place, facts: Facts) -> None:
        opened = self._open.get(place.about, {})
        if facts.duplicated_at is None:
            # Only one node saw it, perhaps before it started anew; the alert itself remembers when.
            facts = replace(facts, duplicated_at=opened.get(("duplicate_key", "")))
        for step in judge(facts, self._limits.of(place.group_id), opened):
            self._decide(place, step, facts.now)

    def _decide(self, place: Place, step: Step, now: datetime) -> None:
        key = (step.rule, step.subject)
        if isinstance(step, Raise):
            self._note(place.about, key, now)
        else:
            self._forget(place.about, key)
        self._steps.append((place, step))
        self._wake.set()

    async def _carry_out(self, place: Place, step: Step) -> None:
        if isinstance(step, Raise):
            alert = await self._store.raise_(place, step)
            if alert is not None:
                self._announcer.publish(news.raised(alert, self._clock()))
            return
        alert = await self._store.clear(place.about, step)
        if alert is not None:
            self._announcer.publish(news.cleared(alert, self._clock()))

    def _note(self, about: str, key: Key, at: datetime) -> None:
        self._open.setdefault(about, {}).setdefault(key, at)

    def _forget(self, about: str, key: Key) -> None:
        opened = self._open.get(about)
        if opened is not None:
            opened.pop(key, None)
            if not opened:
                del self._open[about]

    def _heard(self, event: AnyHubEvent) -> None:
        if isinstance(event, RolloutChanged):
            self._rollout(event)

    def _rollout(self, event: RolloutChanged) -> None:
        about = f"rollout:{event.rollout_id}"
        place = Place(about, f"Rollout of {event.version}", event.organisation_id, event.group_id, None)
        is_open = (ROLLOUT_HALTED, "") in self._open.get(about, {})
        if event.state == "halted" and not is_open:
            reason = event.reason or "Too many devices failed."
            self._decide(place, Raise(ROLLOUT_HALTED, "", "critical", f"{reason} Look at it, then decide."), event.at)
        elif event.state != "halted" and is_open:
            self._decide(place, Clear(ROLLOUT_HALTED, ""), event.at)

    def _relayed(self, event: AnyHubEvent) -> None:
        if isinstance(event, AlertEventBase):
            if isinstance(event, AlertRaised):
                self._note(event.about, (event.rule, event.subject), event.at)
            elif isinstance(event, AlertCleared):
                self._forget(event.about, (event.rule, event.subject))
        elif isinstance(event, GroupChanged) and THRESHOLDS in event.changed:
            self._stale = True
            self._wake.set()

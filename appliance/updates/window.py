"""What happens by the clock: looking for updates, installing those that only mend, restarting in the window."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from appliance.updates.versions import is_patch, same
from gateway.updates.preferences import Preferences, Window
from gateway.updates.types import Release, Rollback, UpdatePhase, UpdateState
from protocol.problems import Problem

log = structlog.get_logger(__name__)

PACE: Final = 60.0
"""Seconds between two looks at the clock."""
LOOK_EVERY: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(minutes=30)
"""After an attempt that came to nothing."""
_CLOCK_WAS_SET: Final = 2024
"""A clock before this year has not been set yet: a machine without a battery begins in 1970."""


class Scheduled(Protocol):
    """What of an updater is driven by the clock."""

    async def check(self) -> Release | None:
        """Ask the channel."""

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        """Install."""

    async def restart(self) -> None:
        """Start what was installed."""

    def state(self) -> UpdateState:
        """Where it stands."""

    def last_rollback(self) -> Rollback | None:
        """What was taken back."""


class Scheduler:
    """Looks at the clock once a minute. ``now`` gives local time; ``seed`` spreads devices over the window."""

    def __init__(
        self,
        updater: Scheduled,
        preferences: Callable[[], Awaitable[Preferences]],
        *,
        running: str,
        seed: str,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._updater = updater
        self._preferences = preferences
        self._running = running
        self._seed = seed
        self._now = now
        self._pause = pause
        self._looked: datetime | None = None
        self._rest: datetime | None = None
        """Since when nothing is begun by itself, for :data:`AGAIN_AFTER`."""

    async def run(self) -> None:
        """Work until cancelled; what fails is logged, stands in the updater's state, and is tried again later."""
        while True:
            try:
                await self.tick()
            except Problem as problem:
                self._rest = self._now()
                log.warning("an update by the clock failed", code=problem.code, reason=problem.message)
            await self._pause(PACE)

    async def tick(self) -> None:
        """Do what is due now. Raises Problem."""
        now, preferences = self._now(), await self._preferences()
        if now.year < _CLOCK_WAS_SET or (self._rest is not None and abs(now - self._rest) < AGAIN_AFTER):
            return
        inside = is_inside(preferences.window, now, self._seed)
        phase = self._updater.state().phase
        if phase is UpdatePhase.INSTALLED:
            if inside:
                log.info("the device restarts for an update")
                await self._updater.restart()
        elif phase in (UpdatePhase.IDLE, UpdatePhase.FAILED) and preferences.channel:
            await self._look(now, automatic=preferences.automatic == "patch" and inside)

    async def _look(self, now: datetime, *, automatic: bool) -> None:
        if not automatic and self._looked is not None and timedelta(0) <= now - self._looked < LOOK_EVERY:
            return
        release = await self._updater.check()
        self._looked = now
        if not automatic or release is None or not self._may_install(release):
            # Inside of the window too: there is nothing to do before the next look is due.
            self._rest = now if automatic else None
            return
        log.info("an update is installed by itself", version=release.version)
        await self._updater.install(release.url, release.sha256, release.version)
        await self._updater.restart()

    def _may_install(self, release: Release) -> bool:
        taken_back = self._updater.last_rollback()
        if taken_back is not None and same(taken_back.version, release.version):
            return False  # a person may try it again; the clock does not
        return is_patch(release.version, self._running)


def is_inside(window: Window, now: datetime, seed: str) -> bool:
    """Whether a device may begin: in the window, and not before its own minute of the window's first half."""
    passed = window.since(now.time())
    if passed is None:
        return False
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") / 2**32
    return passed >= int(window.minutes / 2 * share)

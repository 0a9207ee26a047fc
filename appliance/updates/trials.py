"""What becomes of a version that was installed: it is tried, and then kept or taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from appliance.updates.backend import Backend
from appliance.updates.partial import tidy
from appliance.updates.progress import Progress
from appliance.updates.state import StateFiles, Trial
from appliance.updates.versions import same
from gateway.updates.types import Rollback, UpdatePhase
from protocol.problems import Problem

log = structlog.get_logger(__name__)

PACE: Final = 2.0
"""Seconds between two looks for the verdict of the boot checks, while a version is tried."""
_EASY_PACE: Final = 10.0
_PATIENCE: Final = 10.0
"""Seconds the start of the daemon waits for the system to tell what became of an update."""
INTERRUPTED: Final = "The update was interrupted. Begin it again; what was downloaded is kept."
_BEGUN: Final = frozenset(
    {UpdatePhase.CHECKING, UpdatePhase.DOWNLOADING, UpdatePhase.VERIFYING, UpdatePhase.INSTALLING}
)
"""Phases that a restart of the daemon interrupts."""


class Trials:
    """Finds out at the start what became of an update, and settles what is open."""

    def __init__(
        self,
        backend: Backend,
        files: StateFiles,
        progress: Progress,
        *,
        running: str,
        boot: Callable[[], str],
        pause: Callable[[float], Awaitable[None]],
        committed: Callable[[], None],
    ) -> None:
        self._backend = backend
        self._files = files
        self._progress = progress
        self._running = running
        self._boot = boot
        self._pause = pause
        self._committed = committed
        self._resumed = self._kept = self._orphan = False
        self.rollback: Rollback | None = None
        """The last update that was taken back, unless one went well since."""

    async def start(self) -> None:
        """Find out what became of an update that was under way when the daemon ended.

        Never raises a Problem, and does not hold up the start of the daemon: :meth:`run` tries again.
        """
        self.rollback = await asyncio.to_thread(self._files.read_rollback)
        self._progress.load(await asyncio.to_thread(self._files.read))
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._resume()
        except (Problem, TimeoutError) as error:
            log.warning("what became of an update cannot be told yet", reason=str(error))

    async def run(self) -> None:
        """Settle what is open, and keep this start once its boot checks are through. Returns when all of it is done."""
        while not await self._settled():
            await self._pause(PACE if self._orphan or self._trying else _EASY_PACE)

    @property
    def _trying(self) -> bool:
        return self._progress.state.phase is UpdatePhase.TRYING

    async def _settled(self) -> bool:
        try:
            if not self._resumed:
                await self._resume()
            if self._orphan:
                await self._written()
            if not self._kept and await self._backend.passed():
                await self._keep()
        except Problem as problem:
            log.warning("this start cannot be settled yet", code=problem.code, reason=problem.message)
        return self._resumed and self._kept and not self._orphan

    async def _resume(self) -> None:
        trial, phase, version = self._progress.trial, self._progress.state.phase, self._progress.state.version
        same_boot = trial is not None and trial.boot_id == await asyncio.to_thread(self._boot)
        if trial is None:
            if phase in _BEGUN:
                await self._progress.move(UpdatePhase.FAILED, version, problem=INTERRUPTED)
            elif phase is not UpdatePhase.FAILED:
                await self._progress.move(UpdatePhase.IDLE)
        elif same_boot and phase is UpdatePhase.INSTALLING:
            self._orphan = True  # it may still be written; the phase stays until that is known
        elif same_boot:
            await self._progress.move(UpdatePhase.INSTALLED, trial.version)
        elif await self._runs(trial):
            await self._progress.move(
                UpdatePhase.TRYING, trial.version, detail="The new version runs; its boot checks are not through yet."
            )
        elif phase is UpdatePhase.INSTALLING:
            await self._interrupted(trial)
        else:
            await self._taken_back(trial)
        self._resumed = True

    async def _runs(self, trial: Trial) -> bool:
        if trial.slot:
            return any(slot.running and slot.name == trial.slot for slot in await self._backend.slots())
        return same(trial.version, self._running)

    async def _taken_back(self, trial: Trial) -> None:
        reason = await self._backend.why_back(trial)
        log.error("an update was taken back", version=trial.version, running=self._running, reason=reason)
        self.rollback = Rollback(trial.version, reason, datetime.now(UTC))
        await asyncio.to_thread(self._files.write_rollback, self.rollback)
        await self._backend.stay()
        self._progress.trial = None
        await self._progress.move(UpdatePhase.IDLE)

    async def _interrupted(self, trial: Trial) -> None:
        self._progress.trial = None
        await self._progress.move(UpdatePhase.FAILED, trial.version, problem=INTERRUPTED)

    async def _written(self) -> None:
        """An installation that went on without this daemon: find out how it ended."""
        trial = self._progress.trial
        if trial is not None:
            if await self._backend.writing():
                return
            if any(slot.next and slot.name == trial.slot for slot in await self._backend.slots()):
                await self._progress.move(UpdatePhase.INSTALLED, trial.version)
            else:
                await self._interrupted(trial)
        self._orphan = False

    async def _keep(self) -> None:
        """The boot checks are through: this start counts as a good one, and what was tried stays."""
        await self._backend.commit()
        trial = self._progress.trial
        if self._trying and trial is not None:
            self._progress.trial = self.rollback = None
            await asyncio.to_thread(self._files.forget_rollback)
            await asyncio.to_thread(tidy, self._files.folder)
            await self._progress.move(UpdatePhase.IDLE, detail=f"Version {trial.version} passed its checks and stays.")
            log.info("the running version is committed", version=trial.version)
            self._committed()
        self._kept = True

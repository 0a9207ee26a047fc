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
from appliance.updates.state import Record, StateFiles, Trial
from appliance.updates.versions import same
from gateway.updates.types import Rollback, UpdatePhase
from protocol.problems import Problem

log = structlog.get_logger(__name__)

PACE: Final = 2.0
"""Seconds between two looks for the verdict of the boot checks, while a version is tried."""
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
    ) -> None:
        self._backend = backend
        self._files = files
        self._progress = progress
        self._running = running
        self._boot = boot
        self._pause = pause
        self._watched = asyncio.Event()
        self.rollback: Rollback | None = None
        """The last update that was taken back, unless one went well since."""

    async def start(self) -> None:
        """Find out what became of an update that was under way when the daemon ended. Never raises a Problem."""
        self.rollback = await asyncio.to_thread(self._files.read_rollback)
        record = await asyncio.to_thread(self._files.read)
        self._progress.load(record)
        try:
            await self._resume(record)
        except Problem as problem:
            log.warning("what became of an update cannot be told", code=problem.code, reason=problem.message)

    async def run(self) -> None:
        """While a version is tried, wait for its boot checks and commit it then; until cancelled."""
        while True:
            await self._watched.wait()
            try:
                await self._settle()
            except Problem as problem:
                log.warning("the running version cannot be committed yet", code=problem.code, reason=problem.message)
            await self._pause(PACE)

    async def _resume(self, record: Record) -> None:
        trial = record.trial
        same_boot = trial is not None and trial.boot_id == await asyncio.to_thread(self._boot)
        if trial is None:
            if record.phase in _BEGUN:
                await self._progress.move(UpdatePhase.FAILED, record.version, problem=INTERRUPTED)
            elif record.phase is not UpdatePhase.FAILED:
                await self._progress.move(UpdatePhase.IDLE)
        elif same_boot and record.phase is UpdatePhase.INSTALLING:
            self._watched.set()  # it may still be written; the phase stays until that is known
        elif same_boot:
            await self._progress.move(UpdatePhase.INSTALLED, trial.version)
        elif await self._runs(trial):
            await self._progress.move(
                UpdatePhase.TRYING, trial.version, detail="The new version runs; its boot checks are not through yet."
            )
            self._watched.set()
        elif record.phase is UpdatePhase.INSTALLING:
            await self._interrupted(trial)
        else:
            await self._taken_back(trial)

    async def _runs(self, trial: Trial) -> bool:
        if trial.slot:
            return any(slot.running and slot.name == trial.slot for slot in await self._backend.slots())
        return same(trial.version, self._running)

    async def _taken_back(self, trial: Trial) -> None:
        reason = await self._backend.why_back(trial)
        log.error("an update was taken back", version=trial.version, running=self._running, reason=reason)
        self.rollback = Rollback(trial.version, reason, datetime.now(UTC))
        await asyncio.to_thread(self._files.write_rollback, self.rollback)
        self._progress.trial = None
        await self._progress.move(UpdatePhase.IDLE)

    async def _interrupted(self, trial: Trial) -> None:
        self._progress.trial = None
        await self._progress.move(UpdatePhase.FAILED, trial.version, problem=INTERRUPTED)

    async def _settle(self) -> None:
        trial = self._progress.trial
        if trial is None:
            self._watched.clear()
        elif self._progress.state.phase is UpdatePhase.INSTALLING:
            await self._written(trial)
        elif await self._backend.passed(trial):
            await self._commit(trial)

    async def _written(self, trial: Trial) -> None:
        """An installation that went on without this daemon: find out how it ended."""
        if await self._backend.writing():
            return
        self._watched.clear()
        if any(slot.next and slot.name == trial.slot for slot in await self._backend.slots()):
            await self._progress.move(UpdatePhase.INSTALLED, trial.version)
        else:
            await self._interrupted(trial)

    async def _commit(self, trial: Trial) -> None:
        await self._backend.commit()
        self._watched.clear()
        self._progress.trial = self.rollback = None
        await asyncio.to_thread(self._files.forget_rollback)
        await asyncio.to_thread(tidy, self._files.folder)
        await self._progress.move(UpdatePhase.IDLE, detail=f"Version {trial.version} passed its checks and stays.")
        log.info("the running version is committed", version=trial.version)

"""Where an update stands: kept in memory for whoever asks, on disk for after a restart, told on the bus."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from appliance.updates.state import Record, StateFiles, Trial
from gateway.events.publisher import Publisher
from gateway.events.types import UpdateChanged
from gateway.updates.types import UpdatePhase, UpdateState


class Progress:
    """The one writer of an updater's state."""

    def __init__(self, files: StateFiles, bus: Publisher) -> None:
        self._files = files
        self._bus = bus
        self.state = UpdateState()
        self.trial: Trial | None = None
        """What was installed and is not committed."""

    def load(self, record: Record) -> None:
        """Begin with what was remembered; nothing is told."""
        self.trial = record.trial
        self.state = UpdateState(record.phase, record.version, 0, record.detail, record.problem)

    async def move(
        self, phase: UpdatePhase, version: str | None = None, *, detail: str = "", problem: str = "", percent: int = 0
    ) -> None:
        """Another phase: remembered before it is told. Raises Problem when it cannot be remembered."""
        self.state = UpdateState(phase, version, percent, detail, problem)
        await self.keep()
        self._tell()

    async def keep(self) -> None:
        """Remember the phase and the trial."""
        state = self.state
        record = Record(
            phase=state.phase, version=state.version, detail=state.detail, problem=state.problem, trial=self.trial
        )
        await asyncio.to_thread(self._files.write, record)

    def advance(self, percent: int, detail: str = "") -> None:
        """Further in the same phase; told once for each percent, and not remembered."""
        percent = max(0, min(100, percent))
        if (percent, detail) != (self.state.percent, self.state.detail):
            self.state = replace(self.state, percent=percent, detail=detail)
            self._tell()

    def _tell(self) -> None:
        state = self.state
        self._bus.publish(
            UpdateChanged(
                phase=state.phase.value,
                version=state.version,
                percent=state.percent,
                detail=state.detail,
                problem=state.problem,
            )
        )

"""Health of five minutes as one sample: what the charts of the last weeks are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hub.fleet.types import HealthView

STEP_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Sample:
    """The average of one step; ``at`` is the beginning of the step. Heat is the highest measured."""

    device_id: str
    at: datetime
    cpu_percent: float
    ram_percent: float
    disk_percent: float
    temperature_celsius: float | None
    throttled: bool


def step_of(at: datetime) -> datetime:
    """The beginning of the step that a moment lies in."""
    return datetime.fromtimestamp(at.timestamp() // STEP_SECONDS * STEP_SECONDS, UTC)


class Averager:
    """Adds up one device's measurements; a step is told when the first measurement of the next one comes."""

    __slots__ = ("_count", "_cpu", "_disk", "_heat", "_ram", "_step", "_throttled")

    def __init__(self) -> None:
        self._step: datetime | None = None
        self._count = 0
        self._cpu = self._ram = self._disk = 0.0
        self._heat: float | None = None
        self._throttled = False

    def add(self, device_id: str, health: HealthView) -> Sample | None:
        """Take a measurement; the sample of the step before, where this one begins another."""
        step = step_of(health.at)
        done = self.finish(device_id) if self._step is not None and step > self._step else None
        if self._step is None:
            self._step = step
        self._count += 1
        self._cpu += health.cpu_percent
        self._ram += health.ram_percent
        self._disk += health.disk_percent
        self._throttled = self._throttled or bool(health.throttled)
        if health.temperature_celsius is not None:
            self._heat = max(health.temperature_celsius, self._heat if self._heat is not None else -273.15)
        return done

    def finish(self, device_id: str) -> Sample | None:
        """The sample of what was taken since the last one, None where that is nothing."""
        if self._step is None or not self._count:
            return None
        sample = Sample(
            device_id=device_id,
            at=self._step,
            cpu_percent=round(self._cpu / self._count, 1),
            ram_percent=round(self._ram / self._count, 1),
            disk_percent=round(self._disk / self._count, 1),
            temperature_celsius=self._heat,
            throttled=self._throttled,
        )
        self._step, self._heat, self._count, self._throttled = None, None, 0, False
        self._cpu = self._ram = self._disk = 0.0
        return sample

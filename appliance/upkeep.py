"""What the device does by the clock: measure itself, keep the samples, forget old audit entries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from foundation.store.audit import AuditLog
from gateway.events.types import DeviceBus, HealthSampled
from gateway.host.health import HealthSampler
from gateway.host.types import Health
from gateway.store.health import HealthHistory
from protocol.problems import Problem

log = structlog.get_logger(__name__)

SAMPLE_SECONDS = 10.0
_SAMPLES_A_DAY = int(24 * 3600 / SAMPLE_SECONDS)


def samples_in(days: int) -> int:
    """How many samples that many days make."""
    return days * _SAMPLES_A_DAY


class Upkeep:
    """The device's regular work."""

    def __init__(
        self,
        sampler: HealthSampler,
        history: HealthHistory,
        audit: AuditLog,
        bus: DeviceBus,
        audit_days: int,
        *,
        agents_reached: Callable[[], bool] = lambda: True,
    ) -> None:
        self._sampler = sampler
        self._history = history
        self._audit = audit
        self._bus = bus
        self._keep = timedelta(days=audit_days)
        self._agents_reached = agents_reached
        self._latest: Health | None = None

    def latest_health(self) -> Health | None:
        """The last measurement; None before the first."""
        return self._latest

    async def run(self) -> None:
        """Measure each :data:`SAMPLE_SECONDS`, prune once a day; a store that fails is logged and tried again."""
        count = 0
        while True:
            try:
                await self._measure()
                if count % _SAMPLES_A_DAY == 0:
                    await self._audit.prune(self._keep)
            except Problem as problem:
                log.warning("upkeep failed", code=problem.code, reason=problem.message)
            count += 1
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _measure(self) -> None:
        health = await asyncio.to_thread(self._sampler.sample)
        self._latest = health
        self._bus.publish(
            HealthSampled(
                cpu_percent=health.cpu_percent,
                ram_used_bytes=health.ram_used_bytes,
                ram_total_bytes=health.ram_total_bytes,
                disk_used_bytes=health.disk_used_bytes,
                disk_total_bytes=health.disk_total_bytes,
                temperature_celsius=health.temperature_celsius,
                throttled=health.throttled,
                uptime_seconds=health.uptime_seconds,
                agents_away=not self._agents_reached(),
            )
        )
        await self._history.add(health)

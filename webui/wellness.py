"""Whether the device can do its work: a table of signs, each with what it means."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import structlog
from aiohttp import web

from gateway.host.types import Health
from webui.context import Device

Status = Literal["healthy", "degraded", "unhealthy"]

_LOG = structlog.get_logger("webui.wellness")
_STALE = timedelta(minutes=5)
_PROBE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wellness:
    """A verdict and the stable words for what led to it."""

    status: Status
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """Something a measurement can show."""

    reason: str
    severity: Literal["degraded", "unhealthy"]
    shows: Callable[[Health], bool]


def _disk_used(health: Health) -> float:
    return health.disk_used_bytes / max(1, health.disk_total_bytes)


def _ram_used(health: Health) -> float:
    return health.ram_used_bytes / max(1, health.ram_total_bytes)


def _celsius(health: Health) -> float:
    return health.temperature_celsius if health.temperature_celsius is not None else 0.0


SIGNS: Final[tuple[Sign, ...]] = (
    Sign("disk_full", "unhealthy", lambda health: _disk_used(health) >= 0.99),
    Sign("disk_nearly_full", "degraded", lambda health: 0.9 <= _disk_used(health) < 0.99),
    Sign("memory_nearly_full", "degraded", lambda health: _ram_used(health) >= 0.95),
    # A Raspberry Pi slows down at 80 degrees and at 85 no longer does what it should.
    Sign("too_hot", "unhealthy", lambda health: _celsius(health) >= 85),
    Sign("hot", "degraded", lambda health: 80 <= _celsius(health) < 85),
    Sign("throttled", "degraded", lambda health: health.throttled is True),
)


class WellnessCheck:
    """Judges a device. What costs a write or a look at the disk is done once a minute at most, however often asked."""

    def __init__(self, device: Device, clock: Callable[[], float]) -> None:
        self._device = device
        self._clock = clock
        self._probed_at: float | None = None
        self._probed: tuple[str, ...] = ()
        self._lock = asyncio.Lock()

    async def now(self) -> Wellness:
        """The verdict at this moment."""
        async with self._lock:
            if self._probed_at is None or self._clock() - self._probed_at >= _PROBE_SECONDS:
                self._probed = await self._probe()
                self._probed_at = self._clock()
        away = not self._device.agents_reached()
        notes = tuple(note.reason for note in self._device.boot_notes)
        return judge(self._probed, self._device.latest_health(), datetime.now(UTC), agents_away=away, notes=notes)

    async def _probe(self) -> tuple[str, ...]:
        reasons = []
        try:
            await self._device.settings.put("health.probe", datetime.now(UTC).isoformat())
        except Exception:
            _LOG.exception("store.not_writable")
            reasons.append("store_not_writable")
        if await asyncio.to_thread(shutil.which, "tmux") is None:
            reasons.append("tmux_missing")
        return tuple(reasons)


def judge(
    broken: tuple[str, ...],
    health: Health | None,
    now: datetime,
    *,
    agents_away: bool = False,
    notes: tuple[str, ...] = (),
) -> Wellness:
    """The verdict over what does not work at all (``broken``), the agents' account and the latest measurement.

    ``notes`` are the words for what was found at the start of the machine.
    """
    signs = [sign for sign in SIGNS if health is not None and sign.shows(health)]
    # What runs goes on without the account's broker, and systemd starts that again: no reason to call us broken.
    away = ("agents_account_away",) if agents_away else ()
    reasons = [*broken, *away, *notes, *(sign.reason for sign in signs)]
    if broken or any(sign.severity == "unhealthy" for sign in signs):
        return Wellness("unhealthy", tuple(reasons))
    if health is not None and now - health.at > _STALE:
        reasons.append("health_stale")
    return Wellness("degraded" if reasons else "healthy", tuple(reasons))


WELLNESS = web.AppKey("wellness", WellnessCheck)

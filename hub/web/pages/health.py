"""How a device was over the last hours, days or weeks: four tiles with their charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from foundation.web.pages import words
from foundation.web.pages.charts import Scale, Span, draw
from foundation.web.pages.tiles import Tile, level_of
from hub.fleet.averages import STEP_SECONDS, Sample
from hub.fleet.devices import DeviceView
from hub.fleet.history import POINTS
from hub.fleet.types import HealthView


@dataclass(frozen=True, slots=True)
class Range:
    """One of the spans to choose from."""

    key: str
    name: str
    span: Span


def _range(key: str, name: str, days: int, said: str, stamp: str) -> Range:
    length = timedelta(days=days)
    # What is drawn is picked evenly out of the five-minute samples: neighbours lie this far apart.
    apart = max(timedelta(seconds=STEP_SECONDS), length / POINTS)
    return Range(key, name, Span(length, 3 * apart, said, stamp))


RANGES: Final = (
    _range("24h", "24 h", 1, "the last 24 hours", "%H:%M UTC"),
    _range("7d", "7 days", 7, "the last 7 days", "%a %H:%M UTC"),
    _range("30d", "30 days", 30, "the last 30 days", "%-d %b %H:%M UTC"),
)


def range_of(key: str) -> Range:
    """The range of this key; the first for one that is none."""
    return next((one for one in RANGES if one.key == key), RANGES[0])


def _percent(value: float) -> str:
    return f"{value:.0f} %"


def _degrees(value: float) -> str:
    return f"{value:.0f} °C"


_CPU = Scale[Sample]("Processor load", lambda one: one.cpu_percent, 0, 100, _percent)
_MEMORY = Scale[Sample]("Memory in use", lambda one: one.ram_percent, 0, 100, _percent)
_DISK = Scale[Sample]("Disk in use", lambda one: one.disk_percent, 0, 100, _percent)
_HEAT = Scale[Sample]("Temperature", lambda one: one.temperature_celsius, 20, 90, _degrees)


def tiles_of(device: DeviceView, samples: Sequence[Sample], span: Span) -> list[Tile]:
    """The tiles of a device; empty for one that never measured itself. ``samples`` are oldest first."""
    health, now = device.health, datetime.now(UTC)
    if health is None:
        return []
    cores = words.plural(device.cpus, "core") if device.cpus else ""
    memory = f"{words.size(health.ram_used_bytes)} of {words.size(health.ram_total_bytes)}"
    free = f"{words.size(max(0, health.disk_total_bytes - health.disk_used_bytes))} free"
    shares = (
        ("Processor", "cpu", health.cpu_percent, cores, (85, 97), _CPU),
        ("Memory", "memory", health.ram_percent, memory, (85, 95), _MEMORY),
        ("Disk", "disk", health.disk_percent, free, (85, 95), _DISK),
    )
    tiles = [
        Tile(name, icon, _percent(value), detail, level_of(value, *limits), draw(samples, scale, now, span))
        for name, icon, value, detail, limits, scale in shares
    ]
    return [*tiles, _heat(health, samples, now, span)]


def _heat(health: HealthView, samples: Sequence[Sample], now: datetime, span: Span) -> Tile:
    up = words.duration(health.uptime_seconds)
    if health.temperature_celsius is None:
        return Tile("Up for", "clock", up, "")
    level, detail = level_of(health.temperature_celsius, 75, 83), f"up {up}"
    if health.throttled:
        level, detail = "bad", "held back: heat or low voltage"
    chart = draw(samples, _HEAT, now, span)
    return Tile("Temperature", "heat", _degrees(health.temperature_celsius), detail, level, chart)

"""How a device is doing, as four tiles: what it is now, and the last hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from foundation.web.pages import words
from foundation.web.pages.charts import Chart, Sample, Scale, draw


class Measured(Sample, Protocol):
    """What a device measured of itself."""

    @property
    def cpu_percent(self) -> float:
        """Processor in use, all cores together."""

    @property
    def ram_used_bytes(self) -> int:
        """Memory in use."""

    @property
    def ram_total_bytes(self) -> int:
        """Memory."""

    @property
    def disk_used_bytes(self) -> int:
        """Disk in use."""

    @property
    def disk_total_bytes(self) -> int:
        """Disk."""

    @property
    def uptime_seconds(self) -> int:
        """Since it booted."""

    @property
    def temperature_celsius(self) -> float | None:
        """Of the processor, where there is a thermometer."""

    @property
    def throttled(self) -> bool | None:
        """Whether the firmware holds the processor back."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One measure: its value in words, how worrying it is, and its chart."""

    name: str
    icon: str
    value: str
    detail: str
    level: str = ""
    """Empty, ``warn`` or ``bad``."""
    chart: Chart | None = None


def _percent(value: float) -> str:
    return f"{value:.0f} %"


def _degrees(value: float) -> str:
    return f"{value:.0f} °C"


def _share(used: int, total: int) -> float:
    return 100 * used / total if total > 0 else 0.0


_CPU = Scale[Measured]("Processor load", lambda h: h.cpu_percent, 0, 100, _percent)
_MEMORY = Scale[Measured]("Memory in use", lambda h: _share(h.ram_used_bytes, h.ram_total_bytes), 0, 100, _percent)
_DISK = Scale[Measured]("Disk in use", lambda h: _share(h.disk_used_bytes, h.disk_total_bytes), 0, 100, _percent)
_HEAT = Scale[Measured]("Temperature", lambda h: h.temperature_celsius, 20, 90, _degrees)


def tiles_of(latest: Measured, samples: Sequence[Measured], cpus: int, now: datetime) -> list[Tile]:
    """The tiles of a device that measured itself at least once; ``samples`` are the last hour, oldest first."""
    memory = _share(latest.ram_used_bytes, latest.ram_total_bytes)
    disk = _share(latest.disk_used_bytes, latest.disk_total_bytes)
    series = [sample for sample in samples if sample.at < latest.at]
    series.append(latest)
    return [
        Tile(
            "Processor",
            "cpu",
            _percent(latest.cpu_percent),
            words.plural(cpus, "core"),
            level_of(latest.cpu_percent, 85, 97),
            draw(series, _CPU, now),
        ),
        Tile(
            "Memory",
            "memory",
            _percent(memory),
            f"{words.size(latest.ram_used_bytes)} of {words.size(latest.ram_total_bytes)}",
            level_of(memory, 85, 95),
            draw(series, _MEMORY, now),
        ),
        Tile(
            "Disk",
            "disk",
            _percent(disk),
            f"{words.size(latest.disk_total_bytes - latest.disk_used_bytes)} free",
            level_of(disk, 85, 95),
            draw(series, _DISK, now),
        ),
        _heat(latest, series, now),
    ]


def _heat(latest: Measured, series: Sequence[Measured], now: datetime) -> Tile:
    if latest.temperature_celsius is None:
        return Tile("Up for", "clock", words.duration(latest.uptime_seconds), "")
    level = level_of(latest.temperature_celsius, 75, 83)
    detail = f"up {words.duration(latest.uptime_seconds)}"
    if latest.throttled:
        level, detail = "bad", "held back: heat or low voltage"
    return Tile("Temperature", "heat", _degrees(latest.temperature_celsius), detail, level, draw(series, _HEAT, now))


def level_of(value: float, warn: float, bad: float) -> str:
    """How worrying a value is: empty, ``warn`` or ``bad``."""
    if value >= bad:
        return "bad"
    return "warn" if value >= warn else ""

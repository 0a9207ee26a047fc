"""How the device is doing, as four tiles: what it is now, and the last hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.host.types import Health
from webui.pages import words
from webui.pages.charts import Chart, Scale, draw


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


_CPU = Scale("Processor load", lambda h: h.cpu_percent, 0, 100, _percent)
_MEMORY = Scale("Memory in use", lambda h: _share(h.ram_used_bytes, h.ram_total_bytes), 0, 100, _percent)
_DISK = Scale("Disk in use", lambda h: _share(h.disk_used_bytes, h.disk_total_bytes), 0, 100, _percent)
_HEAT = Scale("Temperature", lambda h: h.temperature_celsius, 20, 90, _degrees)


def tiles_of(latest: Health, samples: Sequence[Health], cpus: int, now: datetime) -> list[Tile]:
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
            _level(latest.cpu_percent, 85, 97),
            draw(series, _CPU, now),
        ),
        Tile(
            "Memory",
            "memory",
            _percent(memory),
            f"{words.size(latest.ram_used_bytes)} of {words.size(latest.ram_total_bytes)}",
            _level(memory, 85, 95),
            draw(series, _MEMORY, now),
        ),
        Tile(
            "Disk",
            "disk",
            _percent(disk),
            f"{words.size(latest.disk_total_bytes - latest.disk_used_bytes)} free",
            _level(disk, 85, 95),
            draw(series, _DISK, now),
        ),
        _heat(latest, series, now),
    ]


def _heat(latest: Health, series: Sequence[Health], now: datetime) -> Tile:
    if latest.temperature_celsius is None:
        return Tile("Up for", "clock", words.duration(latest.uptime_seconds), "")
    level = _level(latest.temperature_celsius, 75, 83)
    detail = f"up {words.duration(latest.uptime_seconds)}"
    if latest.throttled:
        level, detail = "bad", "held back: heat or low voltage"
    return Tile("Temperature", "heat", _degrees(latest.temperature_celsius), detail, level, draw(series, _HEAT, now))


def _level(value: float, warn: float, bad: float) -> str:
    if value >= bad:
        return "bad"
    return "warn" if value >= warn else ""

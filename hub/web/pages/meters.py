"""How a device is doing at a glance: a few bars, each with its value in words."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.web.pages.tiles import level_of
from hub.fleet.devices import DeviceView


@dataclass(frozen=True, slots=True)
class Meter:
    """One bar: how far it goes in percent, and how worrying that is."""

    name: str
    icon: str
    percent: int
    value: str
    level: str = ""
    """Empty, ``warn`` or ``bad``."""


def meters_of(device: DeviceView) -> list[Meter]:
    """The bars of a device that is online and has measured itself; none of one whose values are old."""
    health = device.health
    if health is None or not device.online:
        return []
    bars = [
        _share("Processor", "cpu", health.cpu_percent, 85, 97),
        _share("Memory", "memory", health.ram_percent, 85, 95),
        _share("Disk", "disk", health.disk_percent, 85, 95),
    ]
    if health.temperature_celsius is not None:
        heat = health.temperature_celsius
        level = "bad" if health.throttled else level_of(heat, 75, 83)
        bars.append(Meter("Temperature", "heat", _whole(heat), f"{heat:.0f} °C", level))
    return bars


def _share(name: str, icon: str, value: float, warn: float, bad: float) -> Meter:
    return Meter(name, icon, _whole(value), f"{value:.0f} %", level_of(value, warn, bad))


def _whole(value: float) -> int:
    return round(min(100.0, max(0.0, value)))

"""Heat and throttling, from the files Linux shows them in. Sources are looked for once; a read is one small file."""

from __future__ import annotations

from pathlib import Path

import psutil

# Names of thermal zones and of psutil's sensors, best first: the processor's own before that of its surroundings.
_ZONES = ("cpu-thermal", "cpu_thermal", "soc-thermal", "soc_thermal", "x86_pkg_temp", "cpu", "acpitz")
_SENSORS = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal", "acpitz")
_PLAUSIBLE = range(-40, 151)
"""Degrees Celsius; a sensor that says anything else is broken or off."""
_HELD_BACK = 0xF
"""Bits of get_throttled that speak of now: low voltage, frequency capped, throttled, soft limit of heat."""


class Temperature:
    """The processor's temperature in degrees Celsius."""

    def __init__(self, sys: Path) -> None:
        self._zone = _best_zone(sys)

    def read(self) -> float | None:
        """The temperature now; None where the machine does not tell. Raises OSError, ValueError."""
        celsius = int(self._zone.read_text()) / 1000 if self._zone else _from_psutil()
        if celsius is None or int(celsius) not in _PLAUSIBLE:
            return None
        return round(celsius, 1)


class Throttling:
    """Whether the Raspberry Pi's firmware holds the processor back now.

    Its own kernel says so in ``get_throttled``; the mainline kernel only has an alarm for low voltage (``rpi_volt``).
    """

    def __init__(self, sys: Path) -> None:
        self._firmware = next(iter(sorted(sys.glob("devices/platform/soc*/*firmware/get_throttled"))), None)
        self._alarm = next((path for path in sorted(sys.glob("class/hwmon/*/in0_lcrit_alarm")) if _is_pi(path)), None)

    def read(self) -> bool | None:
        """None on machines without such a firmware. Raises OSError, ValueError."""
        if self._firmware is not None:
            return int(self._firmware.read_text(), 16) & _HELD_BACK != 0
        return self._alarm.read_text().strip() == "1" if self._alarm else None


def _best_zone(sys: Path) -> Path | None:
    ranked = [(_rank(zone), zone / "temp") for zone in sorted(sys.glob("class/thermal/thermal_zone*"))]
    known = [(rank, path) for rank, path in ranked if rank is not None]
    return min(known)[1] if known else None


def _rank(zone: Path) -> int | None:
    try:
        kind = (zone / "type").read_text().strip()
    except OSError:
        return None
    return next((rank for rank, name in enumerate(_ZONES) if kind.startswith(name)), None)


def _from_psutil() -> float | None:
    found = psutil.sensors_temperatures()
    return next((found[name][0].current for name in _SENSORS if found.get(name)), None)


def _is_pi(alarm: Path) -> bool:
    try:
        return (alarm.parent / "name").read_text().strip() == "rpi_volt"
    except OSError:
        return False

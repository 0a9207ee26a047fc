"""Measuring the machine: processor, memory, disk, heat and uptime."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import psutil

from gateway.host.sensors import Temperature, Throttling
from gateway.host.types import Health, SystemInfo

Value = TypeVar("Value")


class HealthSampler:
    """Measures the machine; ``disk_path`` lies on the disk that counts. ``sys`` and ``proc`` are where Linux tells.

    A sample reads a few files of the kernel and takes well under a millisecond. It is file I/O all the same: call it
    through ``asyncio.to_thread``. A sensor that fails never fails a sample.
    """

    def __init__(self, disk_path: Path, *, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> None:
        self._disk_path = disk_path
        self._proc = proc
        self._sys = sys
        self._processor = _Processor()

    @cached_property
    def _temperature(self) -> Temperature:
        return Temperature(self._sys)

    @cached_property
    def _throttling(self) -> Throttling:
        return Throttling(self._sys)

    def sample(self) -> Health:
        """Measure once; the processor's share is that since the sample before (or since this object was made)."""
        used, total = _or(_memory, (0, 0))
        disk_used, disk_total = _or(self._disk, (0, 0))
        return Health(
            at=datetime.now(UTC),
            cpu_percent=_or(self._processor.percent, 0.0),
            ram_used_bytes=used,
            ram_total_bytes=total,
            disk_used_bytes=disk_used,
            disk_total_bytes=disk_total,
            uptime_seconds=_or(_uptime, 0),
            temperature_celsius=_or(self._celsius, None),
            throttled=_or(self._held_back, None),
        )

    def system_info(self) -> SystemInfo:
        """What does not change while the daemon runs."""
        return SystemInfo(
            hostname=socket.gethostname(),
            os=_or(_os_name, platform.system()),
            arch=platform.machine(),
            cpus=os.cpu_count() or 1,
            ram_total_bytes=_or(_memory, (0, 0))[1],
            disk_total_bytes=_or(self._disk, (0, 0))[1],
            model=_or(self._model, None),
        )

    def _celsius(self) -> float | None:
        return self._temperature.read()

    def _held_back(self) -> bool | None:
        return self._throttling.read()

    def _disk(self) -> tuple[int, int]:
        disk = _statvfs(self._disk_path)
        return (disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_blocks * disk.f_frsize

    def _model(self) -> str | None:
        # The device tree ends its strings with a NUL (Devicetree Specification 2.2.4).
        text = (self._proc / "device-tree" / "model").read_bytes()[:200].decode(errors="replace")
        return text.rstrip("\0").strip() or None


class _Processor:
    """The processor's share over all cores.

    psutil's own ``cpu_percent`` remembers per thread, and samples come from any thread of a pool.
    """

    def __init__(self) -> None:
        self._busy, self._total = _or(_processor_times, (0.0, 0.0))
        self._percent = 0.0

    def percent(self) -> float:
        busy, total = _processor_times()
        passed = total - self._total
        if passed > 0:
            self._percent = min(100.0, max(0.0, 100 * (busy - self._busy) / passed))
            self._busy, self._total = busy, total
        return round(self._percent, 1)


def _processor_times() -> tuple[float, float]:
    """Busy and all seconds since boot; guests are left out because Linux counts them in ``user`` too (proc(5))."""
    times = psutil.cpu_times()._asdict()
    total = sum(seconds for name, seconds in times.items() if not name.startswith("guest"))
    return total - times["idle"] - times.get("iowait", 0.0), total


def _statvfs(path: Path) -> os.statvfs_result:
    """Of a path or, while it is not there yet, of the folder it will be in."""
    try:
        return os.statvfs(path)
    except FileNotFoundError:
        return _statvfs(path.parent)


def _memory() -> tuple[int, int]:
    memory = psutil.virtual_memory()
    return memory.total - memory.available, memory.total


def _uptime() -> int:
    # The boot clock goes on through suspend and takes no notice of a wall clock that jumps (clock_gettime(2)).
    return int(time.clock_gettime(time.CLOCK_BOOTTIME))


def _os_name() -> str:
    return platform.freedesktop_os_release()["PRETTY_NAME"]


def _or(read: Callable[[], Value], otherwise: Value) -> Value:
    """What a sensor says, or something else when it fails in any of the ways of files, parsing and drivers."""
    try:
        return read()
    except (OSError, ValueError, KeyError, RuntimeError, psutil.Error):
        return otherwise

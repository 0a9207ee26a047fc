"""What the machine says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Health:
    """One measurement. None where the machine does not tell. Sizes in bytes, time aware UTC."""

    at: datetime
    cpu_percent: float
    """0 to 100 over all cores, since the last measurement."""
    ram_used_bytes: int
    ram_total_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int
    uptime_seconds: int
    temperature_celsius: float | None = None
    throttled: bool | None = None
    """Whether the firmware holds the processor back now (heat or low voltage)."""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """What does not change while the daemon runs."""

    hostname: str
    os: str
    arch: str
    cpus: int
    ram_total_bytes: int
    disk_total_bytes: int
    model: str | None = None
    """The board, e.g. ``Raspberry Pi 5 Model B Rev 1.0``, where the device tree names it."""


@dataclass(frozen=True, slots=True)
class SshKey:
    """One line of authorized_keys that Hutch wrote, or somebody else's (``managed`` False)."""

    fingerprint: str
    """``SHA256:…`` as ``ssh-keygen -l`` prints it."""
    label: str
    algorithm: str
    managed: bool
    added_at: datetime | None = None
    expires_at: datetime | None = None

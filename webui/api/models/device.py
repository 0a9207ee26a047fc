"""The device, its health, its agent CLIs and its SSH keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from foundation.web.models import Answer, Body, Line
from gateway.host.types import Health, SshKey
from protocol.fields import Time


class HealthAnswer(Answer):
    """One measurement; sizes in bytes, null where the machine does not tell."""

    at: datetime
    cpu_percent: float
    ram_used_bytes: int
    ram_total_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int
    uptime_seconds: int
    temperature_celsius: float | None
    throttled: bool | None

    @classmethod
    def of(cls, health: Health) -> HealthAnswer:
        """The answer that shows a measurement."""
        return cls(
            at=health.at,
            cpu_percent=health.cpu_percent,
            ram_used_bytes=health.ram_used_bytes,
            ram_total_bytes=health.ram_total_bytes,
            disk_used_bytes=health.disk_used_bytes,
            disk_total_bytes=health.disk_total_bytes,
            uptime_seconds=health.uptime_seconds,
            temperature_celsius=health.temperature_celsius,
            throttled=health.throttled,
        )


class DeviceAnswer(Answer):
    """What this device is and how it does."""

    gateway_id: str
    hostname: str
    version: str
    model: str | None
    os: str
    arch: str
    cpus: int
    started_at: datetime
    health: HealthAnswer | None = Field(description="The latest measurement; null before the first one.")


class HealthQuery(Body):
    """How far back."""

    minutes: int = Field(60, ge=1, le=7 * 24 * 60)
    points: int = Field(240, ge=2, le=1000, description="At most this many samples, thinned evenly.")


class HealthSamplesAnswer(Answer):
    """Measurements, oldest first."""

    samples: list[HealthAnswer]


class StatusAnswer(Answer):
    """Whether this device is well; answered without a login."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    reasons: list[str] = Field(description="What keeps it from being healthy, as stable words.")


class SshKeyAnswer(Answer):
    """A key that may log in over SSH."""

    fingerprint: str
    label: str
    algorithm: str
    managed: bool = Field(description="False for lines that somebody wrote into authorized_keys by hand.")
    added_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, key: SshKey) -> SshKeyAnswer:
        """The answer that shows a key."""
        return cls(
            fingerprint=key.fingerprint,
            label=key.label,
            algorithm=key.algorithm,
            managed=key.managed,
            added_at=key.added_at,
            expires_at=key.expires_at,
        )


class SshKeysAnswer(Answer):
    """The keys in authorized_keys."""

    keys: list[SshKeyAnswer]


class NewSshKey(Body):
    """A key to let in."""

    public_key: str = Field(min_length=1, max_length=16_384)
    label: Line
    expires_at: Time | None = None


class FingerprintQuery(Body):
    """Which key."""

    fingerprint: str = Field(min_length=1, max_length=200)

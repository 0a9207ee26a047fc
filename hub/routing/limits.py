"""How much a device, a session and a viewer may ask of the hub. Sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from protocol.limits import KIB, MIB, SILENT_AFTER

GRACE: Final = 30.0
ABSENT_AFTER: Final = 90.0
"""How long a session may be missing in health before it counts as ended, from the connect at the earliest."""
LEASE: Final = 30.0
"""How long the right to type lasts after the last write."""
VIEWER_IDLE: Final = 600.0
"""How long a viewer may neither take nor send anything."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Bytes and messages a second that may go on for ever; over it for ``patience`` seconds is too much."""

    bytes_per_second: int
    messages_per_second: int
    patience: float


@dataclass(frozen=True, slots=True)
class RoutingLimits:
    """What ``hub.toml`` may change."""

    device: Rate = field(default=Rate(64 * MIB, 8000, 30.0))
    """What one device may send: faster, and it is read more slowly; faster for all of ``patience``, and it is cut."""
    session: Rate = field(default=Rate(4 * MIB, 1000, 30.0))
    """What one session may put out for its viewers: more for all of ``patience`` and it is cut off as a runaway."""
    silent_after: float = SILENT_AFTER
    """How long nothing may come from a device, not even a ping, before its connection is closed."""
    grace: float = GRACE
    """How long a device may be away before anybody is told."""
    unsent_bytes: int = 8 * MIB
    """What may wait for a device that does not read, before it is cut."""
    unread_seconds: float = 30.0
    """How long a device may take nothing, before it is cut."""
    viewer_bytes: int = 512 * KIB
    """Output that waits for one viewer; over it the viewer loses it and gets a fresh snapshot."""
    viewers_per_session: int = 32
    sessions_watched_per_device: int = 256
    pending_per_source: int = 1000
    """Connections from one address that have not shown who they are."""
    pending: int = 10_000
    failures_per_minute: int = 60
    """Wrong bearers and wrong proofs from one address, before it is refused unheard."""

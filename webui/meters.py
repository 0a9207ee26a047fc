"""What the streams count, for ``/metrics``."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(slots=True)
class Meters:
    """Counters since the daemon began, and what is open now."""

    output_bytes: int = 0
    """Terminal output sent to viewers."""
    input_bytes: int = 0
    """Terminal input taken from viewers."""
    snapshots: int = 0
    """Snapshots sent: more than viewers means that some did not keep up."""
    terminals: int = 0
    """Terminal WebSockets open now."""
    event_streams: int = 0
    """Event streams open now."""


METERS = web.AppKey("meters", Meters)

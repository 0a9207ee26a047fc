"""What went through this node, as plain counters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RoutingStats:
    """Counts since the start, for metrics; ``connections`` and ``viewers`` are how many there are now."""

    connections: int = 0
    viewers: int = 0
    connects: int = 0
    refused_connects: int = 0
    replaced: int = 0
    cut_slow: int = 0
    cut_flooding: int = 0
    throttled: int = 0
    bad_messages: int = 0
    calls: int = 0
    calls_timed_out: int = 0
    output_frames: int = 0
    """Frames of sessions that somebody watches."""
    output_bytes: int = 0
    unwatched_frames: int = 0
    lost_frames: int = 0
    """Frames that a slow viewer did not get."""
    snapshots: int = 0
    acks: int = 0
    runaways: int = 0

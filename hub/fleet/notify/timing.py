"""When something is told: quiet hours, and how long to wait after a failure. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from foundation.notify.quiet import QuietHours

GATHER: Final = timedelta(seconds=5)
"""Alerts of one moment are told together."""
SETTLES: Final = timedelta(minutes=2)
"""An end is told when it has lasted so long: what comes and goes is not told each time."""
RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600, 6 * 3600))
"""The pauses after the first, second, … failure; after the last it is given up."""
LEASE: Final = timedelta(minutes=3)
"""How long who sends may take; a node that dies in the middle of it leaves the rest to another one."""
MINUTES_A_DAY: Final = 24 * 60


def due_at(now: datetime, quiet: QuietHours | None) -> datetime:
    """When something that happens ``now`` is told."""
    soon = now + GATHER
    return (quiet.until(soon) if quiet is not None else None) or soon


def retry_at(now: datetime, failures: int) -> datetime | None:
    """When to try again after so many failures, counted from 1; None to give up."""
    return now + RETRIES[failures - 1] if failures <= len(RETRIES) else None

"""When something is told: quiet hours, and how long to wait after a failure. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

GATHER: Final = timedelta(seconds=5)
"""Alerts of one moment are told together."""
SETTLES: Final = timedelta(minutes=2)
"""An end is told when it has lasted so long: what comes and goes is not told each time."""
RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600, 6 * 3600))
"""The pauses after the first, second, … failure; after the last it is given up."""
LEASE: Final = timedelta(minutes=3)
"""How long who sends may take; a node that dies in the middle of it leaves the rest to another one."""
MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the day to another, in a place's own time; over midnight where the end comes first."""

    start: int
    end: int
    zone: ZoneInfo

    def until(self, now: datetime) -> datetime | None:
        """When the silence that ``now`` lies in is over; None outside of it."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if not self._covers(minute):
            return None
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        if self.end <= minute:
            midnight += timedelta(days=1)
        end = midnight.replace(hour=self.end // 60, minute=self.end % 60)
        return end.astimezone(UTC)

    def _covers(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def due_at(now: datetime, quiet: QuietHours | None) -> datetime:
    """When something that happens ``now`` is told."""
    soon = now + GATHER
    return (quiet.until(soon) if quiet is not None else None) or soon


def retry_at(now: datetime, failures: int) -> datetime | None:
    """When to try again after so many failures, counted from 1; None to give up."""
    return now + RETRIES[failures - 1] if failures <= len(RETRIES) else None

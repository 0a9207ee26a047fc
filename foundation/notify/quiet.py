"""Quiet hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the day to another, in a place's own time; over midnight where the end comes first."""

    start: int
    end: int
    zone: tzinfo

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

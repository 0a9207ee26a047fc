"""What the store does not know yet: coalesced by device, and bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.fleet.averages import Sample
from hub.fleet.live import LiveDevice

EVERY: Final = timedelta(seconds=60)
"""The least time between two writes about a device that neither comes nor goes."""
MAX_SAMPLES: Final = 100_000
"""Samples kept while the database is away: 25 minutes of 20,000 devices. The oldest go first."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be written now."""

    devices: list[LiveDevice] = field(default_factory=list)
    gone: list[LiveDevice] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.devices or self.gone or self.samples)


class Pending:
    """Each device stands here at most once, however much it says; what is written is how it is at that moment."""

    def __init__(self, every: timedelta = EVERY) -> None:
        self._every = every
        self._due: dict[str, LiveDevice] = {}
        self._waits: dict[str, LiveDevice] = {}
        self._gone: dict[str, LiveDevice] = {}
        self._samples: deque[Sample] = deque(maxlen=MAX_SAMPLES)
        self.urgent = asyncio.Event()
        """A device came or went: other nodes read that from the store."""

    def __len__(self) -> int:
        return len(self._due.keys() | self._waits.keys() | self._gone.keys()) + len(self._samples)

    def came(self, live: LiveDevice) -> None:
        """To be written at once."""
        self._gone.pop(live.row.id, None)
        self._due[live.row.id] = live
        self.urgent.set()

    def went(self, live: LiveDevice) -> None:
        """To be written at once: it is offline."""
        self._waits.pop(live.row.id, None)
        if live.written_at is None:
            self._due[live.row.id] = live
        else:
            self._due.pop(live.row.id, None)
            self._gone[live.row.id] = live
        self.urgent.set()

    def changed(self, live: LiveDevice) -> None:
        """Something a person would see is another: to be written soon, or when somebody looks."""
        self._waits[live.row.id] = live

    def touched(self, live: LiveDevice, at: datetime) -> None:
        """It said something; written when the last time is long enough ago."""
        if live.written_at is None or at - live.written_at >= self._every:
            self._due[live.row.id] = live

    def sampled(self, sample: Sample) -> None:
        """Five minutes of health are complete."""
        self._samples.append(sample)

    def take(self, now: datetime, *, everything: bool = False) -> Batch:
        """What is due, or with ``everything`` also what would wait. It counts as written from ``now`` on."""
        if everything:
            self._due |= self._waits
        batch = Batch(list(self._due.values()), list(self._gone.values()), list(self._samples))
        for live in batch.devices:
            live.written_at = now
            self._waits.pop(live.row.id, None)
        self._due.clear()
        self._gone.clear()
        self._samples.clear()
        self.urgent.clear()
        return batch

    def give_back(self, batch: Batch) -> None:
        """It could not be written: it is due again, unless something newer is."""
        for live in batch.gone:
            if live.row.id not in self._due:
                self._gone.setdefault(live.row.id, live)
        for live in batch.devices:
            live.sessions_changed, live.written_at = True, None
            if live.row.id not in self._gone:
                self._due.setdefault(live.row.id, live)
        room = MAX_SAMPLES - len(self._samples)
        self._samples.extendleft(reversed(batch.samples[max(0, len(batch.samples) - room) :]))

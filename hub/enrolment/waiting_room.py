"""How many devices that nobody has claimed may wait at a time, and how often they may come."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from foundation.accounts.limits import source_key
from hub.enrolment.refusals import too_many
from protocol.problems import Problem


@dataclass(frozen=True, slots=True)
class Room:
    """Sockets that wait at once, and arrivals in ``seconds``: in all, and of one source."""

    in_all: int = 1_000
    per_source: int = 10
    arrivals_in_all: int = 3_000
    arrivals_per_source: int = 30
    seconds: float = 60
    sources: int = 4_096
    """Sources whose arrivals are remembered."""


class WaitingRoom:
    """The places for unclaimed devices on this node. A source is an IPv4 address or the /64 of an IPv6 address."""

    def __init__(self, room: Room | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._room = room or Room()
        self._clock = clock
        self._waiting: Counter[str] = Counter()
        self._arrivals: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting.total()

    def knock(self, source: str) -> bool:
        """Count an arrival that may come to nothing; False where it is one too many."""
        try:
            self._arrive(source_key(source))
        except Problem:
            return False
        return True

    @contextmanager
    def place(self, source: str) -> Iterator[None]:
        """Hold a place while a device waits. Raises :class:`Problem` RATE_LIMITED with ``retry_after`` (seconds)."""
        key = source_key(source)
        self._arrive(key)
        self._waiting[key] += 1
        try:
            yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    def _arrive(self, key: str) -> None:
        if self._waiting[key] >= self._room.per_source:
            raise too_many("Too many unclaimed devices wait at this address. Claim or switch off some of them.", 60)
        if self.waiting >= self._room.in_all:
            raise too_many("Too many unclaimed devices wait at this hub. This device tries again.", 60)
        now = self._clock()
        mine = self._arrivals.pop(key, None) or deque()
        self._arrivals[key] = mine
        while len(self._arrivals) > self._room.sources:
            self._arrivals.popitem(last=False)
        for times, most in ((mine, self._room.arrivals_per_source), (self._all, self._room.arrivals_in_all)):
            while times and times[0] <= now - self._room.seconds:
                times.popleft()
            if len(times) >= most:
                wait = max(1, math.ceil(times[0] + self._room.seconds - now))
                raise too_many("Unclaimed devices come too often. This device tries again by itself.", wait)
        mine.append(now)
        self._all.append(now)

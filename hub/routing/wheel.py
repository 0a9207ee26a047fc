"""One clock for all deadlines: a wheel of coarse slots and a single timer, however many devices there are."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

log = logging.getLogger(__name__)

SLOT: Final = 1 / 16
"""Seconds of one slot: what is due comes at most so much late. A power of two, so that rounding misses no slot."""


AT_ONCE: Final = 32
"""Deadlines kept in one go; what came over the sockets meanwhile has its turn then. A thousand terminals that began
together acknowledge together, and each costs 50 µs."""


class Alarm(Protocol):
    """What ``call_at`` of an event loop gives."""

    def cancel(self) -> None:
        """Do not call."""
        ...


class Due:
    """Something that has a deadline. One that is scheduled again for earlier moves; for later, it is called early."""

    __slots__ = ("slot",)

    def __init__(self) -> None:
        self.slot = 0
        """The slot it stands in; 0 when it stands in none."""

    def due(self, now: float) -> None:
        """The deadline has come, or was put off meanwhile: look, and schedule again what is not over."""
        raise NotImplementedError


class Wheel:
    """Calls :meth:`Due.due` when time has come. ``now`` is monotonic seconds, and positive."""

    def __init__(self, now: Callable[[], float], call_at: Callable[[float, Callable[[], None]], Alarm]) -> None:
        self.now = now
        self._call_at = call_at
        self._slots: dict[int, deque[Due]] = {}
        self._order: list[int] = []
        self._alarm: Alarm | None = None
        self._alarm_slot = 0

    @classmethod
    def of_loop(cls) -> Wheel:
        """A wheel on the running loop's clock."""
        loop = asyncio.get_running_loop()
        return cls(loop.time, loop.call_at)

    def schedule(self, item: Due, when: float) -> None:
        """See to it that ``item`` is called at ``when`` at the latest (within one slot)."""
        slot = max(1, int(when / SLOT) + 1)
        if 0 < item.slot <= slot:
            return
        item.slot = slot
        items = self._slots.get(slot)
        if items is None:
            self._slots[slot] = deque((item,))
            heapq.heappush(self._order, slot)
            self._set_alarm()
        else:
            items.append(item)

    def advance(self) -> None:
        """Call what is due; the rest of much comes after everything else that waits."""
        self._alarm = None
        now, left = self.now(), AT_ONCE
        current = int(now / SLOT)
        while left and self._order and self._order[0] <= current:
            slot = self._order[0]
            items = self._slots[slot]
            while left and items:
                item = items.popleft()
                if item.slot == slot:
                    item.slot = 0
                    left -= 1
                    self._call(item, now)
            if not items:
                heapq.heappop(self._order)
                del self._slots[slot]
        self._set_alarm()

    def stop(self) -> None:
        """Call nothing any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._slots.clear()
        self._order.clear()

    @staticmethod
    def _call(item: Due, now: float) -> None:
        try:
            item.due(now)
        except Exception:
            log.exception("a deadline could not be kept; the others go on")

    def _set_alarm(self) -> None:
        if not self._order or (self._alarm is not None and self._alarm_slot <= self._order[0]):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_slot = self._order[0]
        self._alarm = self._call_at(self._alarm_slot * SLOT, self.advance)

"""The one bus of a program: everything that happens is published here, and everybody reads at their own pace.

The bus keeps one ring of the last events. A subscriber is no more than a place in it, so a slow one costs no memory
and never holds up a publisher: it is cut off when too much waits for it, and starts again from a snapshot.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Published(Generic[E]):
    """An event and its place: ids count from 1 in steps of 1 while the program runs (:attr:`EventBus.boot`)."""

    id: int
    event: E


class FellBehind(Exception):
    """More events wait for a subscriber than it may leave lying; it has to start again from a snapshot."""


class EventBus(Generic[E]):
    """Takes events from everybody and hands them to every subscriber in one order. Belongs to one event loop."""

    def __init__(self, history: int = 1000) -> None:
        if history < 1:
            raise ValueError("a bus keeps at least one event")
        self.boot = secrets.token_hex(8)
        self.last_id = 0
        self._history: deque[Published[E]] = deque(maxlen=history)
        self._subscribers: set[Subscription[E]] = set()

    def publish(self, event: E) -> None:
        """Add an event. Never waits, and no subscriber can make it fail. To be called on the loop's thread."""
        self.last_id += 1
        self._history.append(Published(self.last_id, event))
        for subscriber in self._subscribers:
            subscriber._wake.set()

    def subscribe(self, *, after: int | None = None, limit: int = 256) -> Subscription[E]:
        """Read events from now on, or those after the id ``after`` first, as far as the history reaches.

        The place is taken when the subscription is entered (``async with``). ``limit`` is how many events may wait
        for it; what is replayed from the history does not count.
        """
        return Subscription(self, after, limit)

    def _since(self, after: int) -> list[Published[E]] | None:
        """The events after an id; None where the place is lost."""
        first = self._history[0].id if self._history else self.last_id + 1
        if not first - 1 <= after <= self.last_id:
            return None
        return [published for published in self._history if published.id > after]

    def _at(self, event_id: int) -> Published[E]:
        return self._history[event_id - self._history[0].id]


class Subscription(AsyncIterator[Published[E]]):
    """One reader of a bus: an async context manager, and inside it an async iterator for one task."""

    def __init__(self, bus: EventBus[E], after: int | None, limit: int) -> None:
        self._bus = bus
        self._after = after
        self._limit = min(limit, bus._history.maxlen or limit)
        self._replay: deque[Published[E]] = deque()
        self._next = 0
        self._open = False
        self._wake = asyncio.Event()
        self.lost = after is not None and bus._since(after) is None
        """True when the events after ``after`` are no longer in the history; reading then starts from now."""

    async def __aenter__(self) -> Self:
        replay = None if self._after is None else self._bus._since(self._after)
        self.lost = self._after is not None and replay is None
        self._replay = deque(replay or ())
        self._next = self._bus.last_id + 1
        self._open = True
        self._bus._subscribers.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Published[E]:
        """The next event. Raises :class:`FellBehind` when more than the limit wait; the subscription is over then."""
        while self._open:
            if self._bus.last_id - self._next >= self._limit:
                self._close()
                raise FellBehind(f"more than {self._limit} events wait for this subscriber")
            if self._replay:
                return self._replay.popleft()
            if self._next <= self._bus.last_id:
                self._next += 1
                return self._bus._at(self._next - 1)
            self._wake.clear()
            await self._wake.wait()
        raise StopAsyncIteration

    def _close(self) -> None:
        self._open = False
        self._replay.clear()
        self._bus._subscribers.discard(self)

"""How many agents are awake: a place for each, and who gives one up when somebody else needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from gateway.conversations.live import Live

Sleep = Callable[[Live], Awaitable[None]]


class Places:
    """Places of awake agents, at most ``limit``. An idle agent gives up its place, the one idle longest first."""

    def __init__(self, limit: int, sleep: Sleep) -> None:
        self._limit = limit
        self._sleep = sleep
        self._taken: dict[str, Live] = {}
        self._freed = asyncio.Condition()

    @property
    def taken(self) -> Iterable[Live]:
        """Who has a place, longest unused first."""
        return tuple(self._taken.values())

    async def take(self, live: Live) -> None:
        """A place for a conversation whose turn runs; waits until there is one."""
        async with self._freed:
            while live.id not in self._taken and len(self._taken) >= self._limit:
                idle = next((one for one in self._taken.values() if not one.busy), None)
                if idle is None:
                    await self._freed.wait()
                else:
                    await self._sleep(idle)
                    self._taken.pop(idle.id, None)
            self._taken.pop(live.id, None)
            self._taken[live.id] = live

    async def take_spare(self, live: Live, is_spare: Callable[[Live], bool]) -> bool:
        """A place that nobody has, or whose agent is to spare; whether there was one. Never waits for one."""
        async with self._freed:
            if live.id not in self._taken and len(self._taken) >= self._limit:
                idle = next((one for one in self._taken.values() if not one.busy and is_spare(one)), None)
                if idle is None:
                    return False
                await self._sleep(idle)
                self._taken.pop(idle.id, None)
            self._taken[live.id] = live
            return True

    async def give_up(self, live: Live) -> None:
        """The agent sleeps."""
        async with self._freed:
            self._taken.pop(live.id, None)
            self._freed.notify_all()

    async def sleep_where(self, idle: Callable[[Live], bool]) -> None:
        """Put those to sleep that are ``idle``."""
        async with self._freed:
            for live in [one for one in self._taken.values() if idle(one)]:
                await self._sleep(live)
                self._taken.pop(live.id, None)
            self._freed.notify_all()

    async def idle(self) -> None:
        """A turn is over: somebody who waits may have the place."""
        async with self._freed:
            self._freed.notify_all()

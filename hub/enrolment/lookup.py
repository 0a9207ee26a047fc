"""Many small questions at once, answered by few queries.

A question that comes while a query runs, or right after one, waits for the next one, which answers all that came.
Nothing is remembered: an answer is never older than its question, so a device that was just revoked stays out on every
node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from protocol.problems import Problem, ProblemCode

V = TypeVar("V")
MOST_AT_ONCE = 500
"""Keys of one query; a storm should not wait behind one huge answer."""
PAUSE = 0.005
"""Seconds between two queries: so many come together in a storm of reconnects, and a command hardly waits for it."""

Pause = Callable[[], Awaitable[None]]


async def _breathe() -> None:
    await asyncio.sleep(PAUSE)


class Lookup(Generic[V]):
    """Asks ``find`` for the values of many keys; it is called once at a time."""

    def __init__(
        self, find: Callable[[list[str]], Awaitable[dict[str, V]]], most: int = MOST_AT_ONCE, pause: Pause = _breathe
    ) -> None:
        self._find = find
        self._most = most
        self._pause = pause
        self._asked: dict[str, asyncio.Future[V | Problem | None]] = {}
        self._asker: asyncio.Task[None] | None = None

    async def get(self, key: str) -> V | None:
        """The value, None where there is none. Raises what ``find`` raises, if it is a :class:`Problem`."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._asker is None:
            self._asker = asyncio.create_task(self._ask())
        # One who gives up must not take the answer from the others.
        found = await asyncio.shield(answer)
        if isinstance(found, Problem):
            raise found
        return found

    async def close(self) -> None:
        """Stop; who still waits gets a problem."""
        if self._asker is not None:
            self._asker.cancel()
            await asyncio.gather(self._asker, return_exceptions=True)

    async def _ask(self) -> None:
        asked: dict[str, asyncio.Future[V | Problem | None]] = {}
        try:
            while self._asked:
                asked = {key: self._asked.pop(key) for key in list(self._asked)[: self._most]}
                await self._answer(asked)
                if len(self._asked) < self._most:
                    await self._pause()
        finally:
            self._asker = None
            for answer in (*asked.values(), *self._asked.values()):
                if not answer.done():
                    answer.set_result(Problem(ProblemCode.UNAVAILABLE, "The hub could not look. Try again."))
            self._asked.clear()

    async def _answer(self, asked: dict[str, asyncio.Future[V | Problem | None]]) -> None:
        try:
            found = await self._find(list(asked))
        except Problem as problem:
            for answer in asked.values():
                answer.set_result(problem)
        else:
            for key, answer in asked.items():
                answer.set_result(found.get(key))

"""Work that goes on after its request was answered, and ends with the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine

import structlog
from aiohttp import web

_LOG = structlog.get_logger("web.background")


class Background:
    """Holds tasks while they run; a task that fails is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run ``work`` beside the requests."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stop what still runs and wait for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("background.failed", task=task.get_name(), exc_info=error)


BACKGROUND = web.AppKey("background", Background)


async def background_context(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context: stops the background work when the application ends."""
    yield
    await app[BACKGROUND].close()

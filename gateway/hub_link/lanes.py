"""Work that a hub asked for: concurrent, in order where order matters, and never more than a bound of it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

MAX_JOBS = 64
"""Commands under way at once, over all lanes."""
MAX_BYTES = 16 * 1024 * 1024
"""Bytes of messages whose commands are under way."""


Rest = Callable[[], Awaitable[None]]


@dataclass(eq=False)
class Job:
    """One piece of work; ``size`` is what its message takes in memory, in bytes.

    ``run`` may leave a rest, which is done without holding up the lane.
    """

    run: Callable[[], Awaitable[Rest | None]]
    size: int


class Lanes:
    """Runs the jobs of one lane (a session, a transfer) one after the other, and different lanes beside each other."""

    def __init__(self, max_jobs: int = MAX_JOBS, max_bytes: int = MAX_BYTES) -> None:
        self._max_jobs = max_jobs
        self._max_bytes = max_bytes
        self._jobs = 0
        self._bytes = 0
        self._waiting: dict[str, deque[Job]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._closed = False

    def submit(self, lane: str, job: Job) -> bool:
        """Take a job on, or answer False when too much is under way."""
        if self._closed or self._jobs >= self._max_jobs or self._bytes + job.size > self._max_bytes:
            return False
        self._jobs += 1
        self._bytes += job.size
        waiting = self._waiting.get(lane)
        if waiting is not None:
            waiting.append(job)
            return True
        waiting = self._waiting[lane] = deque([job])
        self._start(self._work(lane, waiting))
        return True

    def grow(self, lane: str, job: Job, by: int) -> bool:
        """Make the last job of a lane bigger; False when it is another one, when it has begun, or without room."""
        waiting = self._waiting.get(lane)
        if not waiting or waiting[-1] is not job or self._bytes + by > self._max_bytes:
            return False
        job.size += by
        self._bytes += by
        return True

    async def close(self) -> None:
        """Stop everything that is under way."""
        self._closed = True
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def _start(self, work: Awaitable[None]) -> None:
        worker = asyncio.ensure_future(work)
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self, lane: str, waiting: deque[Job]) -> None:
        try:
            while waiting:
                await self._do(waiting.popleft())
        finally:
            del self._waiting[lane]

    async def _do(self, job: Job) -> None:
        rest = None
        try:
            rest = await job.run()
        except Exception:
            log.exception("a command of the hub failed in an unexpected way")
        finally:
            if rest is None:
                self._free(job)
        if rest is not None:
            self._start(self._finish(job, rest))

    async def _finish(self, job: Job, rest: Rest) -> None:
        try:
            await rest()
        except Exception:
            log.exception("a command of the hub failed in an unexpected way")
        finally:
            self._free(job)

    def _free(self, job: Job) -> None:
        self._jobs -= 1
        self._bytes -= job.size

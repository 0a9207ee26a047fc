"""A backup that a person brings from their own machine: read, checked and unpacked while it comes.

Nothing of it is stored as it came. A wrong passphrase, a newer version and too little space are known after the first
piece, and a broken connection costs one piece.
"""

from __future__ import annotations

import asyncio
import io
from contextlib import ExitStack, suppress

from appliance.care.contents import Manifest
from appliance.care.feed import Feed
from appliance.layout import Layout
from gateway.care.types import PIECE
from protocol.problems import Problem, ProblemCode


class Reading:
    """One backup on its way. Make it with :meth:`begin`; end it with :meth:`close`, whatever became of it."""

    def __init__(self, size: int) -> None:
        self.received = 0
        self._size = size
        self._feed = Feed(size)
        self._lock = asyncio.Lock()
        self._held = ExitStack()
        self._staged: asyncio.Task[Manifest] | None = None

    @classmethod
    async def begin(cls, layout: Layout, passphrase: str, size: int) -> Reading:
        """Raises Problem CONFLICT where another restore is at it."""
        # Loaded here: a device that restores nothing does without cryptography.
        from appliance.care.restore import alone, stage

        reading = cls(size)
        await asyncio.to_thread(reading._held.enter_context, alone(layout))

        def work() -> Manifest:
            try:
                with io.BufferedReader(reading._feed, PIECE) as source:
                    return stage(source, layout, passphrase, lambda _: None)
            finally:
                reading._feed.end()

        reading._staged = asyncio.create_task(asyncio.to_thread(work))
        return reading

    async def put(self, offset: int, data: bytes) -> Manifest | None:
        """Take a piece; the manifest once all is there and good. Raises Problem."""
        async with self._lock:
            if offset + len(data) <= self.received:
                return None  # the answer was lost, and the piece comes again
            if offset != self.received or offset + len(data) > self._size:
                raise Problem(
                    ProblemCode.OUT_OF_ORDER,
                    "The pieces of the backup came out of their order. Go on where the answer says, or begin anew.",
                    {"received": self.received},
                )
            going = await asyncio.to_thread(self._feed.put, data)
            self.received += len(data)
            if going and self.received < self._size:
                return None
            assert self._staged is not None  # noqa: S101 - begin() made it
            return await asyncio.shield(self._staged)

    @property
    def percent(self) -> int:
        """How much of it came."""
        return min(99, self.received * 100 // self._size)

    @property
    def broken(self) -> Problem | None:
        """Why nothing more is read of it, where that is so."""
        if self._staged is None or not self._staged.done():
            return None
        error = self._staged.exception()
        return error if isinstance(error, Problem) else None

    async def close(self) -> None:
        """Let go of it; what is unpacked stays."""
        self._feed.end()
        if self._staged is not None:
            with suppress(Problem, OSError):
                await self._staged
        await asyncio.to_thread(self._held.close)

from __future__ import annotations

import asyncio

import pytest

from foundation.web.streams.heartbeat import until_silent


class Viewer:
    """Answers so many pings, and then no more."""

    def __init__(self, heard: asyncio.Event, answers: int, *, reads: bool = True) -> None:
        self.pings = 0
        self._heard = heard
        self._answers = answers
        self._reads = reads

    async def ping(self) -> None:
        self.pings += 1
        if self.pings <= self._answers:
            self._heard.set()
        elif not self._reads:
            await asyncio.Event().wait()


@pytest.mark.parametrize("reads", [True, False])
async def test_who_does_not_answer_a_ping_is_gone(reads: bool) -> None:
    heard = asyncio.Event()
    heard.set()  # what was heard before the ping does not count
    viewer = Viewer(heard, 3, reads=reads)
    async with asyncio.timeout(10):
        await until_silent(viewer, heard, every=0.001, patience=0.05)
    assert viewer.pings >= 4

"""A device behind a slow wire: 256 kbit/s and 200 ms each way, while one of its sessions writes as fast as it can."""

from __future__ import annotations

import asyncio
import re
import statistics
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import psutil

from tests.integration.hub_days.town import town
from tests.integration.netns.wire import wire

MIB: Final = 2**20
RATE: Final = 256_000 / 8
DELAY: Final = 0.2
ECHOES: Final = 5
USABLE_SECONDS: Final = 15.0
"""Far more than an echo takes on this link (0.4 s), and far less than it waits behind a flood without bounds."""
GROWTH: Final = 24 * MIB


def memory(*pids: int) -> int:
    return sum(psutil.Process(pid).memory_info().rss for pid in pids)


def lines(screen: bytes) -> list[str]:
    """What stands on a screen that was cleared and then written on line by line."""
    text = re.split(rb"\x1b\[2?J", screen)[-1].decode()
    plain = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9])", "", text)
    return [line.rstrip() for line in plain.splitlines() if line.strip()]


async def test_a_flood_leaves_the_other_sessions_of_a_slow_device_usable(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(wire())
        made = await stack.enter_async_context(town(tmp_path / "hub", host=line.here))
        device, device_id = await stack.enter_async_context(made.device(tmp_path / "device", inside=line.inside))
        loud, quiet = [await made.session(device_id, name) for name in ("loud", "quiet")]
        flood = await stack.enter_async_context(made.watching(device_id, loud))
        work = await stack.enter_async_context(made.watching(device_id, quiet))
        await work.echoes("begin")
        before = memory(made.hub.process.pid, device.pid)
        line.weather.bytes_per_second, line.weather.delay = RATE, DELAY
        await flood.type("yes 'all work and no play makes a slow link a busy one'\r")
        await flood.until(lambda: flood.frames > 3)
        loop, took = asyncio.get_running_loop(), []
        for number in range(ECHOES):
            start = loop.time()
            await work.echoes(f"word{number}")
            took.append(loop.time() - start)
        assert statistics.median(took) < USABLE_SECONDS, took
        assert memory(made.hub.process.pid, device.pid) - before < GROWTH
        await flood.type("\x03")
        await flood.type("clear; echo the e''nd\r")
        await flood.until(lambda: lines(flood.shown) == ["the end", "#"], within=60)
        async with made.watching(device_id, loud) as fresh:
            assert lines(fresh.shown) == ["the end", "#"]
        assert (flood.closed, flood.problems, work.problems) == (False, [], [])

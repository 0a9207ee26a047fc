"""What Hutch does under load: a flood with slow and many viewers, another session beside it, and nothing at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench import measure
from bench.peers.hutch import Hutch
from bench.processes import PeakMemory, PeerFailed, cpu_seconds, pss_mib
from bench.spread import Spread
from bench.viewer import Seen

IDLE_SESSIONS = 5
IDLE_SECONDS = 30.0
SETTLE_SECONDS = 5.0
FLOODS = 5
"""Floods one after the other in the session beside which echoes are timed: long enough for enough keys."""


@dataclass(frozen=True, slots=True)
class Idle:
    """A daemon with idle sessions, tmux included, the sessions' own programs not."""

    pss_mib: float
    daemon_mib: float
    cpu_percent: float


@dataclass(frozen=True, slots=True)
class Beside:
    """A flood with a fast and a slow viewer, and keys typed in another session meanwhile."""

    slow_lag_seconds: float
    """From the fast viewer's last screen to the slow one's."""
    fast_snapshots: int
    gaps: int
    growth_mib: float
    quiet: Spread
    meanwhile: Spread


async def idle(hutch: Hutch) -> Idle:
    """Memory and CPU of a fresh daemon with five sessions that do nothing."""
    for _ in range(IDLE_SESSIONS):
        await hutch.create()
    await asyncio.sleep(SETTLE_SECONDS)
    processes = hutch.processes()
    before = cpu_seconds(processes)
    await asyncio.sleep(IDLE_SECONDS)
    used = cpu_seconds(processes) - before
    result = Idle(pss_mib(processes), pss_mib(hutch.processes()[:1]), used / IDLE_SECONDS * 100)
    await hutch.end_all()
    return result


@contextlib.asynccontextmanager
async def _viewers(
    hutch: Hutch, session: str, count: int = 1, rate: float | None = None
) -> AsyncIterator[asyncio.Task[list[Seen]]]:
    """Viewers in a process of their own, attached when the block begins; the task has what they saw."""
    command = [sys.executable, "-m", "bench.viewer", f"http://127.0.0.1:{hutch.port}", session, "--count", str(count)]
    if rate:
        command += ["--rate", str(rate)]
    env = {**os.environ, "PYTHONPATH": ":".join(sys.path), "HUTCH_BENCH_TOKEN": hutch.token}
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=env)
    if process.stdout is None or await process.stdout.readline() != b"attached\n":
        await process.wait()
        raise PeerFailed("a viewer could not attach; its reason stands above")
    result = asyncio.create_task(_result(process))
    try:
        yield result
    finally:
        if process.returncode is None:
            process.terminate()
        with contextlib.suppress(asyncio.CancelledError, PeerFailed):
            await result


async def _result(process: asyncio.subprocess.Process) -> list[Seen]:
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise PeerFailed("a viewer never saw the last screen; its reason stands above")
    return [Seen(**one) for one in json.loads(output)]


def _flood_command(times: int) -> str:
    return f"for i in $(seq {times}); do seq 1 {measure.FLOOD_LINES}; done; printf 'END_%s\\n' X\r"


async def beside(hutch: Hutch, rate: float, keys: int) -> Beside:
    """Keys in one session before and during a flood in another, which a fast and a slow viewer watch."""
    flooding = await hutch.create()
    quiet_terminal = await hutch.open()
    await measure.start_cat(quiet_terminal)
    quiet = Spread.of(await measure.echo(quiet_terminal, keys))
    processes = hutch.processes()
    async with _viewers(hutch, flooding) as fast, _viewers(hutch, flooding, rate=rate) as slow:
        with PeakMemory(lambda: processes) as memory:
            await hutch.type(flooding, _flood_command(FLOODS))
            samples: list[float] = []
            while not fast.done():
                samples += await measure.echo(quiet_terminal, 10)
            (fast_seen,), (slow_seen,) = await fast, await slow
    await quiet_terminal.close()
    await hutch.end_all()
    return Beside(
        slow_lag_seconds=max(0.0, slow_seen.finished_at - fast_seen.finished_at),
        fast_snapshots=fast_seen.snapshots,
        gaps=fast_seen.gaps + slow_seen.gaps,
        growth_mib=memory.growth,
        quiet=quiet,
        meanwhile=Spread.of(samples),
    )


async def many_viewers(hutch: Hutch, count: int) -> tuple[float, float]:
    """One flood that ``count`` viewers watch: MiB of growth, and seconds until the last of them has the last screen."""
    session = await hutch.create()
    processes = hutch.processes()
    async with _viewers(hutch, session, count=count) as watching:
        with PeakMemory(lambda: processes) as memory:
            started = time.monotonic()
            await hutch.type(session, _flood_command(1))
            seen = await watching
    await hutch.end_all()
    return memory.growth, max(one.finished_at for one in seen) - started

"""Running a program to its end: its lines as they come, a time limit, and nothing left behind when it is cut short."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.agents.lines import plain_lines

MAX_KEPT = 200
"""Lines of a program that are kept for its report."""
GRACE = 2.0
"""Seconds between asking a program to end and ending it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its exit code and its last lines, standard output and error together."""

    code: int
    lines: tuple[str, ...]


async def run(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    on_line: Callable[[str], None],
) -> Finished:
    """Run a program in a process group of its own and wait for its end.

    Raises TimeoutError after ``seconds`` and FileNotFoundError when there is no such program. Whichever way this is
    left, every process of the group has been ended.
    """
    async with _pipe() as (output, write_end):
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        try:
            async with asyncio.timeout(seconds):
                kept = await _lines(output, on_line)
                return Finished(await process.wait(), kept)
        finally:
            await _end_group(process)


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """A pipe whose read end is ours alone.

    With asyncio's own, waiting for a process means waiting for the end of its output, which somebody must read.
    """
    read_end, write_end = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
    )
    try:
        yield reader, write_end
    finally:
        transport.close()


async def _lines(output: asyncio.StreamReader, on_line: Callable[[str], None]) -> tuple[str, ...]:
    kept: deque[str] = deque(maxlen=MAX_KEPT)
    async for line in plain_lines(output):
        kept.append(line)
        on_line(line)
    return tuple(kept)


async def _end_group(process: asyncio.subprocess.Process) -> None:
    """End every process of the group: asked first, made to after the grace."""
    _signal_group(process.pid, signal.SIGTERM if process.returncode is None else signal.SIGKILL)
    ending = asyncio.ensure_future(_wait_or_kill(process))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        _signal_group(process.pid, signal.SIGKILL)
        await ending
        raise


async def _wait_or_kill(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
    # A child of the program may ignore the request and outlive it.
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)

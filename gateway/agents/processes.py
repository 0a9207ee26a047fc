"""Running a program to its end: its lines as they come, a time limit, and nothing left behind when it is cut short."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.agents.lines import plain_lines

MAX_KEPT = 200
"""Lines of a program that are kept for its report."""
GRACE = 3.0
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
    left, the whole group is gone.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            kept = await _lines(process, on_line)
            return Finished(await process.wait(), kept)
    finally:
        await _end_group(process)


async def _lines(process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> tuple[str, ...]:
    kept: deque[str] = deque(maxlen=MAX_KEPT)
    if process.stdout is not None:
        async for line in plain_lines(process.stdout):
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

"""Running a program to its end: its lines as they come, a time limit, and nothing left behind when it is cut short."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

from gateway.agents.lines import plain_lines
from gateway.programs.ending import end
from gateway.programs.pipes import output_pipe
from gateway.programs.types import Programs

MAX_KEPT = 200
"""Lines of a program that are kept for its report."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its exit code and its last lines, standard output and error together."""

    code: int
    lines: tuple[str, ...]


async def run(
    programs: Programs,
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    on_line: Callable[[str], None],
    stdin: int = DEVNULL,
) -> Finished:
    """Run a program in a process group of its own and wait for its end.

    Raises TimeoutError after ``seconds`` and FileNotFoundError when there is no such program. Whichever way this is
    left, every process of the group has been ended.
    """
    async with output_pipe() as (output, write_end):
        try:
            program = await programs.start(
                command, folder=folder, environment=environment, stdin=stdin, stdout=write_end, stderr=write_end
            )
        finally:
            os.close(write_end)
        try:
            async with asyncio.timeout(seconds):
                kept = await _lines(output, on_line)
                return Finished(await program.wait(), kept)
        finally:
            await end(program)


async def _lines(output: asyncio.StreamReader, on_line: Callable[[str], None]) -> tuple[str, ...]:
    kept: deque[str] = deque(maxlen=MAX_KEPT)
    async for line in plain_lines(output):
        kept.append(line)
        on_line(line)
    return tuple(kept)

"""GNU grep over a folder, in the agents' account: what they cannot read is not found either."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from gateway.programs.ending import kill
from gateway.programs.pipes import output_pipe
from gateway.programs.types import Program, Programs
from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode import shapes

MAX_MATCHES: Final = 200
MAX_LINE: Final = 4096
"""Bytes of a line that are told."""
SECONDS: Final = 10.0
_FLAGS: Final = ("-rnIbEZ", "--exclude-dir=.git", "--exclude-dir=node_modules", "--exclude-dir=.venv")
_LINE: Final = re.compile(rb"(?P<path>[^\0]+)\0(?P<number>\d+):(?P<offset>\d+):(?P<text>.*)", re.DOTALL)


class Grep:
    """Searches with the ``grep`` of the machine."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    async def search(self, folder: Path, pattern: str) -> list[shapes.Match]:
        """The first 200 matching lines, found within ten seconds.

        Raises:
            Problem: INVALID_REQUEST for a pattern grep refuses, WORKDIR_MISSING.
        """
        matches: list[shapes.Match] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS), self._running(folder, pattern) as (program, output):
                async for line in _split(output):
                    match = _match(line, pattern)
                    if match is not None:
                        matches.append(match)
                    if len(matches) == MAX_MATCHES:
                        return matches
                # 0: found, 1: nothing found, 2: an error, which may also be a file that vanished.
                if await program.wait() == 2 and not matches:
                    raise _refused(pattern)
        return matches

    @asynccontextmanager
    async def _running(self, folder: Path, pattern: str) -> AsyncIterator[tuple[Program, asyncio.StreamReader]]:
        async with output_pipe() as (reader, write_end):
            try:
                program = await self._programs.start(
                    ["grep", *_FLAGS, "-e", pattern, "--", "."],
                    folder=folder,
                    environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                    stdin=subprocess.DEVNULL,
                    stdout=write_end,
                    stderr=subprocess.DEVNULL,
                )
            except FileNotFoundError:
                raise Problem(ProblemCode.WORKDIR_MISSING, f"There is no folder {folder} to search in.") from None
            finally:
                os.close(write_end)
            try:
                yield program, reader
            finally:
                await kill(program)


async def _split(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return
        except asyncio.LimitOverrunError as error:
            await reader.readexactly(error.consumed)
            continue
        yield line[:-1]


def _match(line: bytes, pattern: str) -> shapes.Match | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    text = found["text"][:MAX_LINE].decode(errors="replace")
    return shapes.Match(
        path=shapes.Text(text=found["path"].decode(errors="replace").removeprefix("./")),
        lines=shapes.Text(text=text + "\n"),
        line_number=int(found["number"]),
        absolute_offset=int(found["offset"]),
        submatches=_submatches(text, pattern),
    )


def _submatches(text: str, pattern: str) -> list[shapes.Submatch]:
    """Where the words stand, for a pattern without special signs; grep says of others only that they match."""
    at = text.find(pattern)
    if at < 0:
        return []
    return [shapes.Submatch(match=shapes.Text(text=pattern), start=at, end=at + len(pattern))]


def _refused(pattern: str) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, f"The pattern {pattern[:100]!r} is no regular expression. Mend it.")

"""What a short program prints."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from subprocess import DEVNULL

from gateway.programs.ending import kill
from gateway.programs.pipes import output_pipe
from gateway.programs.types import Program, Programs

_READ = 64 * 1024


@dataclass(frozen=True, slots=True)
class Printed:
    """How it ended and what it said."""

    code: int
    out: bytes
    errors: bytes


async def printed(
    programs: Programs,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path = Path("/"),
    seconds: float,
    limit: int = 4 * 1024 * 1024,
    stdin: int = DEVNULL,
) -> Printed:
    """Run a program and answer what it prints; one that prints more than ``limit`` bytes is ended.

    Raises:
        TimeoutError: it did not end in time, and was made to.
        FileNotFoundError, PermissionError, Problem: it cannot be started; see :class:`Programs`.
    """
    async with output_pipe() as (out, its_out), output_pipe() as (errors, its_errors):
        try:
            program = await programs.start(
                command, folder=folder, environment=environment, stdin=stdin, stdout=its_out, stderr=its_errors
            )
        finally:
            os.close(its_out)
            os.close(its_errors)
        try:
            async with asyncio.timeout(seconds):
                said = await asyncio.gather(_read(out, limit, program), _read(errors, limit, program))
                return Printed(await program.wait(), *said)
        finally:
            await kill(program)


async def _read(reader: asyncio.StreamReader, limit: int, program: Program) -> bytes:
    """What comes; the program is ended when that is too much."""
    found = bytearray()
    while block := await reader.read(_READ):
        found += block
        if len(found) > limit:
            program.signal_group(SIGKILL)
            break
    return bytes(found)

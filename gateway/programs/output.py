"""What a short program prints."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from gateway.programs.types import Programs

_READ = 64 * 1024


@dataclass(frozen=True, slots=True)
class Printed:
    """How it ended and what it said."""

    code: int
    out: bytes
    errors: bytes


class _Pipe:
    """Reads a pipe to its end, or until it brings more than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._read_end, self.write_end = os.pipe()
        self._limit = limit
        self.data = bytearray()
        self.over: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(self._read_end, False)
        self._loop.add_reader(self._read_end, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._read_end, _READ)
        except BlockingIOError:
            return
        self.data += data
        if not data or len(self.data) > self._limit:
            self._loop.remove_reader(self._read_end)
            if not self.over.done():
                self.over.set_result(None)

    def release(self) -> None:
        """The program has its end."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def close(self) -> None:
        """Stop reading."""
        self.release()
        self._loop.remove_reader(self._read_end)
        os.close(self._read_end)


async def printed(
    programs: Programs,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path = Path("/"),
    seconds: float,
    limit: int = 4 * 1024 * 1024,
) -> Printed:
    """Run a program and answer what it prints; one that prints more than ``limit`` bytes is ended.

    Raises:
        TimeoutError: it did not end in time, and was made to.
        FileNotFoundError, PermissionError, Problem: it cannot be started; see :class:`Programs`.
    """
    out, errors = _Pipe(limit), _Pipe(limit)
    try:
        program = await programs.start(
            command,
            folder=folder,
            environment=environment,
            stdin=subprocess.DEVNULL,
            stdout=out.write_end,
            stderr=errors.write_end,
        )
        out.release()
        errors.release()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait([out.over, errors.over])
                if max(len(out.data), len(errors.data)) > limit:
                    program.signal_group(SIGKILL)
                code = await program.wait()
        except BaseException:
            program.signal_group(SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await program.wait()
            raise
        return Printed(code, bytes(out.data), bytes(errors.data))
    finally:
        out.close()
        errors.close()

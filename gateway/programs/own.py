"""Agents in the daemon's own account: a developer's machine, or one that serves a single person."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import Signals


class OwnProgram:
    """A child of the daemon. Implements :class:`gateway.programs.types.Program`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Its exit code."""
        return await self._process.wait()

    def signal_group(self, number: Signals) -> None:
        """To every process of its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class OwnPrograms:
    """Starts programs as the daemon's children. Implements :class:`gateway.programs.types.Programs`."""

    async def start(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> OwnProgram:
        """As in the protocol; raises FileNotFoundError and PermissionError."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        return OwnProgram(process)

    async def signal(self, pids: Iterable[int], number: Signals) -> None:
        """To each of them."""
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    @property
    def home(self) -> Path:
        """The daemon's own."""
        return Path.home()

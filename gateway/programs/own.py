"""Agents in the daemon's own account: a developer's machine, or one that serves a single person."""

from __future__ import annotations

import asyncio
import os
import pwd
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import Signals

from gateway.programs.chores import Chores
from gateway.programs.running import UNKNOWN, Running
from gateway.programs.types import User
from gateway.programs.work import do


class OwnPrograms:
    """Starts programs as the daemon's children. Implements :class:`gateway.programs.types.AgentsAccount`."""

    apart = False

    def __init__(self) -> None:
        self._user = _own_user()
        self._chores = Chores(do)

    async def start(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Running:
        """As in the protocol; raises FileNotFoundError and PermissionError."""

        def popen_now() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

        # A fork of the daemon takes a moment, which terminals would feel: not on the loop.
        starting = asyncio.ensure_future(asyncio.to_thread(popen_now))
        try:
            popen = await asyncio.shield(starting)
        except asyncio.CancelledError:
            with suppress(OSError):
                await asyncio.to_thread(_end, await starting)
            raise
        program = Running(popen.pid, partial(_signal_group, popen))
        program.watch(partial(_exit_code, popen))
        return program

    async def signal(self, pids: Iterable[int], number: Signals) -> None:
        """To each of them."""
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    @property
    def home(self) -> Path:
        """The daemon's own."""
        return Path.home()

    @property
    def user(self) -> User:
        """The daemon's account."""
        return self._user

    @property
    def chores(self) -> Chores:
        """Done right here."""
        return self._chores

    async def close(self) -> None:
        """Nothing to let go of."""


def _own_user() -> User:
    """Our own account; in a container it may have no name."""
    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:
        return User(os.getuid(), str(os.getuid()), Path.home(), "/bin/sh")
    return User(entry.pw_uid, entry.pw_name, Path(entry.pw_dir), entry.pw_shell or "/bin/sh")


def _exit_code(popen: subprocess.Popen[bytes]) -> int:
    code = popen.poll()
    return UNKNOWN if code is None else code


def _signal_group(popen: subprocess.Popen[bytes], number: Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, number)


def _end(popen: subprocess.Popen[bytes]) -> None:
    popen.kill()
    with popen:
        pass

"""Which programs of agents run, on disk: what outlived a daemon that was killed is ended by the next one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_TICKS: Final = 19
"""The place of the start time in /proc/PID/stat behind the name in brackets (proc_pid_stat(5), field 22)."""


class Register:
    """One small file for each program. Every method blocks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def note(self, pid: int) -> None:
        """A program was started."""
        with suppress(OSError):
            (self._folder / str(pid)).write_text(_started(pid))

    def forget(self, pid: int) -> None:
        """It has ended."""
        (self._folder / str(pid)).unlink(missing_ok=True)

    def left(self) -> list[int]:
        """Every process of the groups of programs that still run; the register is empty afterwards."""
        found: list[int] = []
        for file in list(self._folder.iterdir()):
            if file.name.isdigit():
                found += _group(int(file.name), file.read_text())
            file.unlink(missing_ok=True)
        return found


def _group(leader: int, started: str) -> list[int]:
    """The processes of a group, where its leader is still the program that was noted, or gone."""
    with suppress(OSError):
        if _started(leader) != started:
            return []
    return list(_members(leader))


def _members(group: int) -> Iterator[int]:
    for pid in psutil.pids():
        with suppress(OSError):
            if os.getpgid(pid) == group:
                yield pid


def _started(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[_TICKS]

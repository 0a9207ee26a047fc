"""Which programs of agents run, on disk: what outlived a daemon that was killed is ended by the next one.

Each has a mark in its environment, which what it starts inherits. The agents' account looks for it: the daemon may not
even see processes of another account (systemd.exec(5), ProtectProc=).
"""

from __future__ import annotations

import secrets
from pathlib import Path
from signal import SIGKILL
from typing import Final

from gateway.programs.chores import Chores

VARIABLE: Final = "HUTCH_AGENT_MARK"
_ROUNDS: Final = 50
"""Looks for what a program started while it was being ended."""


class Register:
    """One empty file for each program, named by its mark. Every method blocks."""

    def __init__(self, folder: Path, chores: Chores) -> None:
        self._folder = folder
        self._chores = chores

    def prepare(self) -> None:
        """Make the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def note(self) -> str:
        """A program is about to be started; the value of :data:`VARIABLE` for it. Raises OSError."""
        mark = secrets.token_hex(16)
        (self._folder / mark).touch(mode=0o600)
        return mark

    def forget(self, mark: str) -> None:
        """It has ended, or never began."""
        (self._folder / mark).unlink(missing_ok=True)

    def end_left(self) -> None:
        """End every program that was noted and not forgotten, with what it started. Raises OSError, Problem."""
        for file in list(self._folder.iterdir()):
            for _ in range(_ROUNDS):
                found = self._chores.find(0, f"{VARIABLE}={file.name}", [])
                if not found:
                    break
                self._chores.send(found, SIGKILL)
            file.unlink(missing_ok=True)

"""A program that runs, seen from the daemon; how its end is learned is up to whoever started it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from signal import Signals

UNKNOWN = 255
"""The exit code of a program whose end nobody could tell, as asyncio has it."""


class Running:
    """Implements :class:`gateway.programs.types.Program`. Belongs to the running loop."""

    def __init__(self, pid: int, signal_group: Callable[[Signals], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pid = pid
        self._signal_group = signal_group
        self._code: int | None = None
        self._over = asyncio.Event()
        self._watch: int | None = None
        with suppress(OSError):
            self._watch = os.pidfd_open(pid)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._code

    async def wait(self) -> int:
        """Its exit code."""
        await self._over.wait()
        return UNKNOWN if self._code is None else self._code

    def signal_group(self, number: Signals) -> None:
        """To every process of its group."""
        self._signal_group(number)

    def watch(self, look: Callable[[], int]) -> None:
        """Have the kernel tell the end; ``look`` then says the exit code."""
        if self._code is not None:
            return
        if self._watch is None:
            self.ended(look())
        else:
            self._loop.add_reader(self._watch, lambda: self.ended(look()))

    def ended(self, code: int) -> None:
        """It is over; only the first time counts."""
        if self._watch is not None:
            self._loop.remove_reader(self._watch)
            os.close(self._watch)
            self._watch = None
        if self._code is None:
            self._code = code
            self._over.set()

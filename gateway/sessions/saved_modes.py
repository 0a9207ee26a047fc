"""A terminal's modes, put where the next daemon finds them: an option of its tmux server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from gateway.sessions.control_client import Command, ControlClient
from gateway.sessions.modes import ModeTracker
from gateway.sessions.tmux import TmuxFailed

EVERY = 1.0
"""Seconds between two times they are put there."""


class SavedModes:
    """Follows one session's modes. ``client`` is its connection to tmux, None while there is none."""

    def __init__(self, modes: ModeTracker, client: Callable[[], ControlClient | None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._modes = modes
        self._client = client
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def printed(self) -> None:
        """There was output, which may have changed them."""
        if self._modes.changed and self._timer is None:
            self._timer = self._loop.call_later(EVERY, self._again)
            self._put()

    def stop(self) -> None:
        """Save nothing more for now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def settle(self) -> None:
        """Wait for what is under way."""
        if self._under_way:
            await asyncio.gather(*self._under_way)

    def _again(self) -> None:
        self._timer = None
        if self._modes.changed:
            self._put()

    def _put(self) -> None:
        client = self._client()
        if client is None:
            return
        try:
            answer = client.send(Command(f"set-option -s @hutch_modes '{self._modes.saved()}'"))
        except TmuxFailed:
            return  # the lost connection is dealt with by itself
        task = asyncio.create_task(_quietly(answer), name="terminal-modes")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


async def _quietly(answer: Awaitable[object]) -> None:
    with contextlib.suppress(TmuxFailed):
        await answer

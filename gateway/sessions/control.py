"""Who holds the keyboard of a session: one viewer at a time, for 30 s after its last write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LEASE = 30.0
"""Seconds since the last write after which somebody else may type without asking."""


class Control:
    """The lease of one session. ``on_change`` is told the holder's name, or None, whenever it is another one."""

    def __init__(self, on_change: Callable[[str | None], None], clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or asyncio.get_running_loop().time
        self._on_change = on_change
        self._id: str | None = None
        self._name: str | None = None
        self._until = 0.0
        self._told: tuple[str | None, str | None] = (None, None)

    @property
    def holder(self) -> str | None:
        """The name of the viewer that holds control now, or None."""
        self._expire()
        return self._name

    @property
    def holder_id(self) -> str | None:
        """The id of that viewer: two viewers of one person have the same name."""
        self._expire()
        return self._id

    def take(self, viewer_id: str, name: str) -> None:
        """Take control, whoever holds it."""
        self._id, self._name = viewer_id, name
        self._until = self._clock() + LEASE
        self._tell()

    def may_write(self, viewer_id: str, name: str) -> bool:
        """Whether this viewer may type now; takes control when it is free, and prolongs the lease."""
        self._expire()
        if self._id not in (None, viewer_id):
            return False
        self.take(viewer_id, name)
        return True

    def release(self, viewer_id: str) -> None:
        """Give control back; nothing happens when another viewer holds it."""
        if self._id == viewer_id:
            self._id = self._name = None
            self._tell()

    def _expire(self) -> None:
        if self._id is not None and self._clock() >= self._until:
            self._id = self._name = None
            self._tell()

    def _tell(self) -> None:
        now = (self._id, self._name)
        if now != self._told:
            self._told = now
            self._on_change(self._name)

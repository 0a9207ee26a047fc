"""Which sessions a device has, by its health: one that is missing for long enough is over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.routing.limits import ABSENT_AFTER

MAX_KNOWN: Final = 1024


class RollCall:
    """The sessions of one device, each with the time (monotonic seconds) at which it was named last."""

    __slots__ = ("_connected_at", "_seen")

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._connected_at = 0.0

    def connected(self, now: float) -> None:
        """The device is back: what it does not name at once is not over for that."""
        self._connected_at = now

    def here(self, session_id: str, now: float) -> None:
        """A session showed itself."""
        if session_id in self._seen or len(self._seen) < MAX_KNOWN:
            self._seen[session_id] = now

    def gone(self, session_id: str) -> None:
        """A session is over, and the device said so."""
        self._seen.pop(session_id, None)

    def health(self, named: Iterable[str], now: float) -> list[str]:
        """Note who is named; the sessions that were not for so long that they are over, each once."""
        for session_id in named:
            self.here(session_id, now)
        over = [name for name, at in self._seen.items() if now - max(at, self._connected_at) >= ABSENT_AFTER]
        for session_id in over:
            del self._seen[session_id]
        return over

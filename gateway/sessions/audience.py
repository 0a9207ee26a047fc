"""Everybody who looks at a session."""

from __future__ import annotations

from gateway.sessions.ring import Ring
from gateway.sessions.types import Ended, Snapshot
from gateway.sessions.viewer import Viewer


class Audience:
    """The viewers of one session, told of everything together."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._viewers: dict[str, Viewer] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def viewers(self) -> list[Viewer]:
        """Those there are now."""
        return list(self._viewers.values())

    @property
    def wants_snapshot(self) -> bool:
        """Whether one of them cannot go on without the whole screen."""
        return any(viewer.wants_snapshot for viewer in self._viewers.values())

    def add(self, viewer: Viewer) -> None:
        """Somebody comes."""
        self._viewers[viewer.id] = viewer

    def remove(self, viewer: Viewer) -> None:
        """Somebody goes; what only they still needed is forgotten."""
        viewer.stop()
        del self._viewers[viewer.id]
        self.trim()

    def trim(self) -> None:
        """Forget the output that nobody needs any more."""
        needed = min((viewer.needs_before() for viewer in self._viewers.values()), default=self._ring.next)
        self._ring.forget_before(needed)

    def printed(self) -> None:
        """There is more output."""
        self.trim()
        for viewer in self._viewers.values():
            viewer.wake()

    def resized(self, cols: int, rows: int) -> None:
        """The terminal has another size."""
        for viewer in self._viewers.values():
            viewer.resized(cols, rows)

    def end(self, ended: Ended, final: Snapshot | None) -> None:
        """The session is over."""
        for viewer in self.viewers:
            viewer.end(ended, final)

    def stop(self) -> None:
        """The daemon goes; the session lives on."""
        for viewer in self.viewers:
            viewer.stop()

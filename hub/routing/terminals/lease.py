"""Who may type into a session: one viewer at a time, for 30 s after its last write."""

from __future__ import annotations

from hub.routing.limits import LEASE


class Lease:
    """The lease of one session; ``now`` is monotonic seconds. Viewers are told apart by ``viewer_id``."""

    __slots__ = ("_id", "_name", "until")

    def __init__(self) -> None:
        self._id: int | None = None
        self._name: str | None = None
        self.until = 0.0

    @property
    def holder(self) -> str | None:
        """The name of who types, or None. Call :meth:`expire` before."""
        return self._name

    def held_by(self, viewer_id: int) -> bool:
        """Whether this viewer types. Call :meth:`expire` before."""
        return self._id == viewer_id

    def take(self, viewer_id: int, name: str, now: float) -> bool:
        """Take it from whoever has it; True when the holder is another one now."""
        changed = self._id != viewer_id
        self._id, self._name, self.until = viewer_id, name, now + LEASE
        return changed

    def free_for(self, viewer_id: int, now: float) -> bool:
        """Whether this viewer may take it without asking."""
        return self._id is None or self._id == viewer_id or now >= self.until

    def release(self, viewer_id: int) -> bool:
        """Give it back; False when another viewer has it, or nobody."""
        if self._id != viewer_id:
            return False
        self._id = self._name = None
        return True

    def expire(self, now: float) -> bool:
        """Whether the lease ran out just now."""
        return self._id is not None and now >= self.until and self.release(self._id)

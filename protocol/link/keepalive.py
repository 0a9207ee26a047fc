"""Pings: one every 20 s; two in a row that are not answered within 15 s each mean that the peer is gone.

Other intervals keep the proportion.
"""

from __future__ import annotations

from protocol.limits import PING_EVERY, PINGS_LOST, PONG_WITHIN


class Keepalive:
    """The pings of one connection, ``every`` so many seconds."""

    def __init__(self, now: float, every: float = PING_EVERY) -> None:
        self._every = every
        self._within = PONG_WITHIN * every / PING_EVERY
        self._next = now + every
        self._number = 0
        self._answer_by: float | None = None
        self._lost = 0

    @property
    def deadline(self) -> float:
        """When :meth:`tick` has something to do."""
        return self._next if self._answer_by is None else min(self._next, self._answer_by)

    @property
    def dead(self) -> bool:
        """Whether so many pings went unanswered that the connection is to be closed."""
        return self._lost >= PINGS_LOST

    def tick(self, now: float) -> bytes | None:
        """The payload of a ping that is due now, or None."""
        if self._answer_by is not None and now >= self._answer_by:
            self._answer_by = None
            self._lost += 1
        if now < self._next or self.dead:
            return None
        self._number += 1
        self._next, self._answer_by = now + self._every, now + self._within
        return str(self._number).encode("ascii")

    def pong(self, payload: bytes) -> None:
        """A pong arrived. A late one shows life as well; one that answers no ping of ours is ignored (RFC 6455)."""
        number = int(payload) if payload.isdigit() and len(payload) < 20 else 0
        if not 1 <= number <= self._number:
            return
        self._lost = 0
        if number == self._number:
            self._answer_by = None

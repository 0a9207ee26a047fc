"""The output all viewers of a session share: numbered frames, kept only as long as somebody still needs them."""

from __future__ import annotations

from collections import deque

from gateway.sessions.types import MAX_PIECE, Output

FRAME_COST = 200
"""Bytes of memory a frame takes beside its payload, counted so that many tiny frames are bounded too."""


class Ring:
    """Frames ``first`` to ``next - 1``. ``offset`` counts payload bytes since the ring was made."""

    def __init__(self, first: int, limit: int) -> None:
        self.first = first
        self.next = first
        self.offset = 0
        self._limit = limit
        self._held = 0
        self._frames: deque[Output] = deque()

    def append(self, payload: bytes, *, keep: bool) -> None:
        """Number a payload; without ``keep`` nobody watches and only the number is used up.

        Raises:
            ValueError: it is larger than :data:`MAX_PIECE`.
        """
        if len(payload) > MAX_PIECE:
            raise ValueError(f"a piece of {len(payload)} bytes does not fit into a frame")
        seq = self.next
        self.next = seq + 1
        self.offset += len(payload)
        if not keep:
            self.forget_before(self.next)
            return
        self._frames.append(Output(seq, payload))
        self._held += len(payload) + FRAME_COST
        while self._held > self._limit:
            self._drop()

    def get(self, seq: int) -> Output:
        """The frame with a number from ``first`` to ``next - 1``."""
        return self._frames[seq - self.first]

    def forget_before(self, seq: int) -> None:
        """Nobody needs the frames before ``seq`` any more."""
        while self.first < seq and self._frames:
            self._drop()
        if not self._frames:
            self.first = self.next

    @property
    def held(self) -> int:
        """Bytes of memory the kept frames take."""
        return self._held

    def _drop(self) -> None:
        self._held -= len(self._frames.popleft().payload) + FRAME_COST
        self.first += 1

"""Frame numbers: whether output of a session went missing on its way to the hub."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from protocol.frames import BinaryFrame
from protocol.link.actions import DeliverOutput, Gap, HubAction, Note
from protocol.link.refusals import doubled

MAX_TRACKED: Final = 1024


class Step(StrEnum):
    """How a frame stands to the one before it."""

    NEXT = "next"
    GAP = "gap"
    AGAIN = "again"
    """It was there before."""


class Sequences:
    """The number that each session's next output frame should have.

    Sessions beyond the first 1024 are let through unwatched, so that a hostile device cannot fill the memory.
    """

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def expected(self, session_id: str) -> int | None:
        """The number of the next frame; None while it is not known."""
        return self._next.get(session_id)

    def frame(self, session_id: str, seq: int) -> Step:
        """A frame arrived."""
        expected = self._next.get(session_id)
        if expected is not None and seq < expected:
            return Step.AGAIN
        self.restart(session_id, seq + 1)
        return Step.NEXT if expected is None or seq == expected else Step.GAP

    def restart(self, session_id: str, seq: int | None) -> None:
        """The next frame has this number; None when that is not known."""
        if seq is None:
            self._next.pop(session_id, None)
        elif session_id in self._next or len(self._next) < MAX_TRACKED:
            self._next[session_id] = seq

    def follow(self, frame: BinaryFrame) -> list[HubAction]:
        """What follows from an output frame: it is passed on, after a word about a gap before it."""
        expected = self._next.get(frame.session_id)
        step = self.frame(frame.session_id, frame.seq)
        if step is Step.AGAIN:
            return [Note(doubled())]
        if step is Step.GAP and expected is not None:
            return [Gap(frame.session_id, expected, frame.seq), DeliverOutput(frame)]
        return [DeliverOutput(frame)]

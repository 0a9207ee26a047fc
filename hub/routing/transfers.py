"""Files on their way from the device: their pieces name a transfer, and the answer names a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from protocol.commands import FileDownload
from protocol.events import AnyEvent, FileContentBegin, FileContentChunk, FileContentEnd
from protocol.limits import KIB, MAX_FILE_BYTES
from protocol.link.actions import Answered, Unanswered
from protocol.problems import Problem, ProblemCode

Outcome = Answered | Unanswered
_MAX_PIECES: Final = 64 * KIB + 2


@dataclass(slots=True)
class _Download:
    size: int = 0
    pieces: list[AnyEvent] = field(default_factory=list)


class Transfers:
    """The downloads of one connection that somebody waits for."""

    __slots__ = ("_downloads",)

    def __init__(self) -> None:
        self._downloads: dict[str, _Download] = {}

    def expect(self, command: FileDownload, then: Callable[[Outcome], None]) -> Callable[[Outcome], None]:
        """Collect the pieces; ``then`` gets an answer that has them before its ack.

        Raises Problem(CONFLICT) when a transfer of this id is under way.
        """
        if command.transfer_id in self._downloads:
            raise Problem(ProblemCode.CONFLICT, "A transfer of this id is under way. Use a new one.")
        self._downloads[command.transfer_id] = download = _Download()

        def done(outcome: Outcome) -> None:
            del self._downloads[command.transfer_id]
            then(_complete(outcome, download))

        return done

    def take(self, event: AnyEvent) -> bool:
        """Keep a piece; False when nobody waits for it."""
        if not isinstance(event, FileContentBegin | FileContentChunk | FileContentEnd):
            return False
        download = self._downloads.get(event.transfer_id)
        if download is None:
            return False
        download.size += len(event.data) if isinstance(event, FileContentChunk) else 0
        if download.size <= MAX_FILE_BYTES and len(download.pieces) < _MAX_PIECES:
            download.pieces.append(event)
        return True


def _complete(outcome: Outcome, download: _Download) -> Outcome:
    if isinstance(outcome, Unanswered) or not outcome.ok:
        return outcome
    if download.size > MAX_FILE_BYTES or len(download.pieces) >= _MAX_PIECES:
        message = "The device sent more than 20 MiB. Look at the file on the device itself."
        return Unanswered(outcome.command, Problem(ProblemCode.TOO_LARGE, message))
    return replace(outcome, events=(*download.pieces, *outcome.events))

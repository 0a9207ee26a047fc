"""The hub's side of requests: which command waits for which answer, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from protocol.commands import AnyCommand
from protocol.events import Ack, AnyEvent, GatewayUpdateFailed, SessionSnapshot
from protocol.link.actions import Answered, DeliverEvent, DeliverPart, HubAction, Note
from protocol.link.answers import ANSWERS, MAX_OUTSTANDING, request_id_of
from protocol.link.refusals import unasked

__all__ = ["MAX_OUTSTANDING", "Requests", "unrequested"]
_MAX_EVENTS: Final = 64
_TAKEN: Final = {kind: (Ack, *answer.first, *answer.final) for kind, answer in ANSWERS.items()}


@dataclass(slots=True)
class Request:
    """One command on its way. ``by`` is the monotonic time at which it is given up."""

    command: AnyCommand
    by: float
    events: list[AnyEvent] = field(default_factory=list)

    def takes(self, event: AnyEvent) -> bool:
        """Whether the event belongs to this request; a device may not fill the memory with answers."""
        return isinstance(event, _TAKEN[self.command.type]) and len(self.events) < _MAX_EVENTS

    def add(self, event: AnyEvent) -> Answered | None:
        """Keep the event; the whole answer when it was the final one."""
        self.events.append(event)
        refusal = _refusal(event)
        if refusal is not None:
            return Answered(self.command, ok=False, error=refusal, events=tuple(self.events))
        if not isinstance(event, ANSWERS[self.command.type].final):
            return None
        return Answered(self.command, ok=True, error=None, events=tuple(self.events))


class Requests:
    """All requests of one connection."""

    __slots__ = ("_soonest", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[str, Request] = {}
        self._soonest = float("inf")

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._waiting

    @property
    def deadline(self) -> float | None:
        """When the next request is given up, or earlier: answered ones may still count, so that asking costs little."""
        return self._soonest if self._waiting else None

    def open(self, command: AnyCommand, by: float) -> None:
        """A command was sent."""
        self._soonest = min(by, self._soonest) if self._waiting else by
        self._waiting[command.request_id] = Request(command, by)

    def match(self, event: AnyEvent) -> list[HubAction]:
        """What follows from an event: an answer, a part of one, or news for everybody."""
        request_id = request_id_of(event)
        request = None if request_id is None else self._waiting.get(request_id)
        if request is None or not request.takes(event):
            return [unrequested(event)]
        answered = request.add(event)
        if answered is None:
            return [DeliverPart(event)] if isinstance(event, SessionSnapshot) else []
        del self._waiting[request.command.request_id]
        return [answered]

    def overdue(self, now: float) -> list[AnyCommand]:
        """Take out what was not answered in time."""
        if now < self._soonest:
            return []
        late = [request.command for request in self._waiting.values() if request.by <= now]
        for command in late:
            del self._waiting[command.request_id]
        self._soonest = min((request.by for request in self._waiting.values()), default=float("inf"))
        return late

    def all(self) -> list[AnyCommand]:
        """Take out everything."""
        commands = [request.command for request in self._waiting.values()]
        self._waiting.clear()
        return commands


def unrequested(event: AnyEvent) -> HubAction:
    """What to do with an event that answers no request."""
    return Note(unasked()) if isinstance(event, Ack) else DeliverEvent(event)


def _refusal(event: AnyEvent) -> str | None:
    if isinstance(event, Ack):
        return None if event.ok else event.error or "The device refused and gave no reason."
    return event.error if isinstance(event, GatewayUpdateFailed) else None

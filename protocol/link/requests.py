"""The hub's side of requests: which command waits for which answer, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from protocol.commands import AnyCommand
from protocol.events import Ack, AnyEvent, GatewayUpdateFailed
from protocol.link.actions import Answered
from protocol.link.answers import ANSWERS

_MAX_EVENTS: Final = 64


@dataclass(slots=True)
class Request:
    """One command on its way. ``by`` is the monotonic time at which it is given up."""

    command: AnyCommand
    by: float
    events: list[AnyEvent] = field(default_factory=list)

    def takes(self, event: AnyEvent) -> bool:
        """Whether the event belongs to this request; a device may not fill the memory with answers."""
        answer = ANSWERS[self.command.type]
        fits = isinstance(event, (Ack, *answer.first, *answer.final))
        return fits and len(self.events) < _MAX_EVENTS

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

    def __init__(self) -> None:
        self._waiting: dict[str, Request] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._waiting

    @property
    def deadline(self) -> float | None:
        """When the next request is given up."""
        return min((request.by for request in self._waiting.values()), default=None)

    def open(self, command: AnyCommand, by: float) -> None:
        """A command was sent."""
        self._waiting[command.request_id] = Request(command, by)

    def find(self, request_id: str | None, event: AnyEvent) -> Request | None:
        """The request that this event answers, or None."""
        request = self._waiting.get(request_id) if request_id is not None else None
        return request if request is not None and request.takes(event) else None

    def close(self, request_id: str) -> None:
        """The request is over."""
        self._waiting.pop(request_id, None)

    def overdue(self, now: float) -> list[AnyCommand]:
        """Take out what was not answered in time."""
        late = [request.command for request in self._waiting.values() if request.by <= now]
        for command in late:
            self.close(command.request_id)
        return late

    def all(self) -> list[AnyCommand]:
        """Take out everything."""
        commands = [request.command for request in self._waiting.values()]
        self._waiting.clear()
        return commands


def _refusal(event: AnyEvent) -> str | None:
    if isinstance(event, Ack) and not event.ok:
        return event.error or "The device refused and gave no reason."
    return event.error if isinstance(event, GatewayUpdateFailed) else None

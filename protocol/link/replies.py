"""The texts that answer a command, and the problems a request id can have."""

from __future__ import annotations

from protocol.codec import encode
from protocol.commands import AnyCommand
from protocol.events import Ack, AnyEvent, GatewayUpdateFailed
from protocol.link.answers import ANSWERS, request_id_of
from protocol.problems import Problem, ProblemCode


def success(command: AnyCommand, events: tuple[AnyEvent, ...]) -> list[str]:
    """The events, and an ack where the wire wants one.

    Raises Problem(TOO_LARGE) for an event the link cannot carry; ValueError for events of another command.
    """
    answer = ANSWERS[command.type]
    acked = answer.final == (Ack,)
    if not acked and len(events) != 1:
        raise ValueError(f"{command.type} is answered by exactly one event")
    for event in events:
        fits = isinstance(event, answer.first if acked else answer.final)
        if not fits or request_id_of(event) not in (None, command.request_id):
            raise ValueError(f"{event.type} does not answer this request")
    texts = [encode(event) for event in events]
    return [*texts, encode(Ack(request_id=command.request_id, ok=True))] if acked else texts


def refusal(command: AnyCommand, problem: Problem) -> str:
    """The message that says no, with the problem's sentence."""
    if command.type == "gateway.update":
        return encode(GatewayUpdateFailed(request_id=command.request_id, error=problem.message))
    return refusal_of_unread(command.request_id, problem)


def refusal_of_unread(request_id: str, problem: Problem) -> str:
    """The ack for a command of which no more than its request id could be read."""
    return encode(Ack(request_id=request_id, ok=False, error=problem.message))


def repeated(request_id: str) -> Problem:
    """The request id is in use, or was."""
    message = "A request id came twice on one connection; the first one counts. Use a new id for each command."
    return Problem(ProblemCode.CONFLICT, message, {"request_id": request_id})


def too_many(request_id: str) -> Problem:
    """No further command may wait."""
    message = "Too many commands wait for their answers. Send fewer at a time."
    return Problem(ProblemCode.TOO_MANY, message, {"request_id": request_id})

"""How a command is run and answered; one :class:`Row` of the table says so for each type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from gateway.hub_link.channel import Request
from protocol.base import CommandBase
from protocol.commands import AnyCommand
from protocol.events import AnyEvent, Permission

Later = Callable[[Request], Awaitable[None]]


@dataclass(frozen=True)
class Reply:
    """What a handler answers: ``events``, and the ack where the wire asks for one."""

    events: tuple[AnyEvent, ...] = ()
    in_stream: bool = False
    """Answer behind the output that waits already, so that the ack comes after what it acknowledges."""
    target: str | None = None
    """What the audit log names, where the handler knows better than the command."""
    record: bool = True
    """Whether a command that is audited changed something this time."""
    later: Later | None = None
    """The long part of the work: runs outside of the lane, before the answer, or gives the answer itself."""
    after: Callable[[], Awaitable[None]] | None = None
    """Called once everything is answered."""


Handler = Callable[[AnyCommand], Awaitable[Reply]]
C = TypeVar("C", bound=AnyCommand)


@dataclass(frozen=True)
class Row:
    """One line of the command table."""

    handle: Handler
    needs: Permission
    """What the owner of the device has to allow for it."""
    lane: Callable[[AnyCommand], str]
    """Commands of one lane are run in the order in which they came."""
    action: str | None
    """The name in the audit log of what this changes; None for what only looks."""
    target: Callable[[AnyCommand], str]


def row(
    model: type[C],
    handle: Callable[[C], Awaitable[Reply]],
    *,
    needs: Permission,
    lane: Callable[[C], str],
    action: str | None = None,
    target: Callable[[C], str] | None = None,
) -> tuple[type[CommandBase], Row]:
    """A line of the table for one type of command; checks that it is given nothing else."""

    def narrow(command: AnyCommand) -> C:
        if not isinstance(command, model):
            raise TypeError(f"{type(command).__name__} was routed to the handler of {model.__name__}")
        return command

    name = target or lane
    return model, Row(
        handle=lambda command: handle(narrow(command)),
        needs=needs,
        lane=lambda command: lane(narrow(command)),
        action=action,
        target=lambda command: name(narrow(command)),
    )

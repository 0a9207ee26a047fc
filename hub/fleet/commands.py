"""Commands to devices, sent at once and answered."""

from __future__ import annotations

from typing import TypeVar

from hub.ports import DevicePort
from protocol.commands import AnyCommand
from protocol.events import AnyEvent
from protocol.limits import ANSWER_WITHIN
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode

E = TypeVar("E", bound=AnyEvent)


async def ask(port: DevicePort, command: AnyCommand, within: float = ANSWER_WITHIN) -> Answered:
    """Send a command; the answer of a device that did it.

    Raises :class:`Problem` CONFLICT with the device's own sentence where it refuses, else what the port raises.
    """
    answered = await port.call(command, within=within)
    if not answered.ok:
        raise Problem(
            ProblemCode.CONFLICT,
            answered.error or "The device refused and gave no reason.",
            {"refused_by": port.device_id},
        )
    return answered


async def fetch(port: DevicePort, command: AnyCommand, kind: type[E], within: float = ANSWER_WITHIN) -> E:
    """Send a command that is answered by an event of this kind. Raises as :func:`ask`, and UNAVAILABLE without it."""
    answered = await ask(port, command, within)
    for event in answered.events:
        if isinstance(event, kind):
            return event
    raise Problem(ProblemCode.UNAVAILABLE, "The device said that it is done, but not what it found. Try again.")

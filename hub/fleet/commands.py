"""Commands to devices: sent at once and answered, or kept for a device that is offline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from hub.ports import DevicePort, DeviceRow
from protocol.commands import AnyCommand
from protocol.events import AnyEvent
from protocol.limits import ANSWER_WITHIN
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode

E = TypeVar("E", bound=AnyEvent)
CommandState = Literal["waiting", "sent", "done", "refused", "failed", "expired"]


@dataclass(frozen=True, slots=True)
class QueuedCommand:
    """A command that was accepted, and what became of it."""

    command_id: str
    device_id: str
    type: str
    state: CommandState
    by: str
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    error: str | None


class CommandQueue(Protocol):
    """Accepts commands and sees to it that each is carried out at most once, or expires."""

    async def accept(
        self, device: DeviceRow, command: AnyCommand, *, by: str, expires_in: timedelta, key: str | None
    ) -> QueuedCommand:
        """Keep a command. The same idempotency ``key`` for the same device answers the first command again.

        Raises :class:`Problem` CONFLICT for a key that was used for another command, TOO_MANY.
        """

    async def find(self, device_id: str, command_id: str) -> QueuedCommand | None:
        """A command of a device; None where there is none of this id."""

    async def list(self, device_id: str, *, after: str | None, limit: int) -> list[QueuedCommand]:
        """The commands of a device, newest first, after the one of this id."""


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

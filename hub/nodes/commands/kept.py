"""The queue as the hub's REST knows it (:class:`hub.fleet.commands.CommandQueue`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from hub.fleet.commands import CommandState as ShownState
from hub.fleet.commands import QueuedCommand as Shown
from hub.nodes.commands.types import CommandQueue, CommandState, QueuedCommand, Submission
from hub.ports import DeviceRow
from protocol.commands import AnyCommand
from protocol.problems import Problem, ProblemCode

_SHOWN: Final[Mapping[CommandState, ShownState]] = {
    CommandState.PENDING: "waiting",
    CommandState.SENT: "sent",
    CommandState.ACKED: "done",
    CommandState.FAILED: "failed",
    CommandState.EXPIRED: "expired",
    CommandState.CANCELLED: "failed",
    CommandState.UNKNOWN: "failed",
}
_CANCELLED: Final = "It was cancelled before it was sent."


class KeptCommands:
    """Accepts and shows."""

    def __init__(self, queue: CommandQueue) -> None:
        self._queue = queue

    async def accept(
        self, device: DeviceRow, command: AnyCommand, *, by: str, expires_in: timedelta, key: str | None
    ) -> Shown:
        """Keep a command. Raises as :meth:`hub.nodes.commands.types.CommandQueue.submit`."""
        wish = Submission(device.id, command, by, key=key, expires_in=expires_in.total_seconds())
        return _shown(await self._queue.submit(wish))

    async def find(self, device_id: str, command_id: str) -> Shown | None:
        """A command of a device."""
        number = _number(command_id)
        if number is None:
            return None
        try:
            return _shown(await self._queue.get(device_id, number))
        except Problem as problem:
            if problem.code is ProblemCode.NOT_FOUND:
                return None
            raise

    async def list(self, device_id: str, *, after: str | None, limit: int) -> list[Shown]:
        """The commands of a device, newest first, after the one of this id."""
        before = None if after is None else _number(after)
        if after is not None and before is None:
            raise Problem(ProblemCode.INVALID_REQUEST, "Take `after` from the last command of the page before.")
        return [_shown(one) for one in await self._queue.listed(device_id, before=before, limit=limit)]


def _shown(command: QueuedCommand) -> Shown:
    state, error = _SHOWN[command.state], command.error
    if command.state is CommandState.FAILED and command.answered:
        state = "refused"
    if command.state is CommandState.CANCELLED:
        error = _CANCELLED
    return Shown(
        command_id=str(command.id),
        device_id=command.device_id,
        type=command.type,
        state=state,
        by=command.person,
        created_at=command.created_at,
        expires_at=command.expires_at,
        finished_at=command.finished_at,
        error=error,
    )


def _number(command_id: str) -> int | None:
    """Ids are numbers of at most 18 digits, which every database takes."""
    return int(command_id) if command_id.isascii() and command_id.isdigit() and len(command_id) <= 18 else None

"""What viewers do to a session: type, resize, take control."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from hub.ports import ControlChanged, new_request_id
from hub.routing.connection import Connection, offline
from hub.routing.terminals.lease import Lease
from hub.routing.terminals.viewer import MAX_TYPED, Viewer
from hub.routing.transfers import Outcome
from protocol.commands import SessionResize
from protocol.limits import KIB
from protocol.link import Unanswered
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from hub.routing.berth import Berth

_PIECE: Final = 32 * KIB


class Keyboard:
    """The keyboard of one session, and who has it."""

    __slots__ = ("_berth", "_seq", "_session_id", "lease")

    def __init__(self, berth: Berth, session_id: str) -> None:
        self._berth = berth
        self._session_id = session_id
        self._seq = 0
        self.lease = Lease()

    def seen_by(self, viewer: Viewer) -> ControlChanged:
        """Who types, as this viewer sees it."""
        lease = self.lease
        return ControlChanged(lease.holder, lease.held_by(id(viewer)), viewer.name.may_write)

    def take(self, viewer: Viewer, now: float, *, asking: bool) -> bool:
        """Take or keep control; True when the holder is another one now.

        Without ``asking`` only when nobody else has it. Raises Problem: FORBIDDEN, NOT_IN_CONTROL.
        """
        viewer.active_at = now
        if not viewer.name.may_write:
            raise Problem(ProblemCode.FORBIDDEN, "You may watch this session and not type. Ask for the right to.")
        if not asking and not self.lease.free_for(id(viewer), now):
            holder = self.lease.holder
            message = f"{holder} is typing. Take control, or wait until nothing was typed for 30 seconds."
            raise Problem(ProblemCode.NOT_IN_CONTROL, message, {"holder": holder})
        return self.lease.take(id(viewer), viewer.name.name, now)

    def type(self, data: bytes) -> None:
        """Send input to the device. Raises Problem: TOO_LARGE, DEVICE_OFFLINE, UNAVAILABLE."""
        if len(data) > MAX_TYPED:
            raise Problem(ProblemCode.TOO_LARGE, "At most 1 MiB can be typed at once. Upload it as a file.")
        connection = self._connection()
        for start in range(0, len(data), _PIECE):
            connection.type(self._session_id, self._seq, data[start : start + _PIECE])
            self._seq += 1

    async def resize(self, cols: int, rows: int) -> None:
        """Give the terminal another size. Raises Problem: DEVICE_OFFLINE, UNAVAILABLE, TIMEOUT, SESSION_FAILED."""
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        command = SessionResize(request_id=new_request_id(), session_id=self._session_id, cols=cols, rows=rows)

        def settle(outcome: Outcome) -> None:
            if not answered.done():
                answered.set_result(outcome)

        self._connection().request(command, settle)
        problem = refusal(await answered)
        if problem is not None:
            raise problem

    def _connection(self) -> Connection:
        connection = self._berth.connection
        if connection is None:
            raise offline()
        if connection.congested:
            raise Problem(ProblemCode.UNAVAILABLE, "The device reads too slowly. Try again in a moment.")
        return connection


def refusal(outcome: Outcome) -> Problem | None:
    """Why the device did not do what was asked; None when it did."""
    if isinstance(outcome, Unanswered):
        return outcome.problem
    return None if outcome.ok else Problem(ProblemCode.SESSION_FAILED, outcome.error or "The device refused.")

"""Asking a device for the screen of a session: one request at a time, and not too often."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hub.ports import Output, new_request_id
from hub.routing.terminals.keyboard import refusal
from hub.routing.terminals.screens import Meanwhile
from hub.routing.transfers import Outcome
from protocol.commands import SessionSnapshotRequest
from protocol.events import SessionSnapshot
from protocol.link import Answered
from protocol.problems import Problem

if TYPE_CHECKING:
    from hub.routing.berth import Berth

ASK_EVERY: Final = 0.25
"""Seconds between two requests for a screen at least."""
ASK_AFTER_FAILURE: Final = 2.0
GREETING: Final = 2.0
"""Seconds in which a device that is back shows its screens unasked."""


class Asking:
    """The requests of one room. ``came`` gets a screen with the frames kept since it was asked for, ``failed`` why
    there is none; ``look`` has the room called at a time, to ask again if somebody still waits.
    """

    __slots__ = ("_at", "_berth", "_came", "_failed", "_look", "_now", "_session_id", "meanwhile")

    def __init__(
        self,
        berth: Berth,
        session_id: str,
        now: Callable[[], float],
        *,
        came: Callable[[SessionSnapshot, Meanwhile], bool],
        failed: Callable[[Problem], None],
        look: Callable[[float], None],
    ) -> None:
        self.meanwhile: Meanwhile | None = None
        """The frames since a screen was asked for; None when none is under way."""
        self._at = 0.0
        self._berth = berth
        self._session_id = session_id
        self._now = now
        self._came = came
        self._failed = failed
        self._look = look

    def ask(self) -> None:
        """Somebody waits for a screen: ask the device for one, unless one is under way."""
        connection = self._berth.connection
        if self.meanwhile is not None or connection is None:
            return
        if self._now() < self._at:
            self._look(self._at)
            return
        self.meanwhile = Meanwhile()
        command = SessionSnapshotRequest(request_id=new_request_id(), session_id=self._session_id)
        connection.request(command, self._answered)

    def greeted(self) -> None:
        """The device is back; its screens follow, and are asked for when they do not."""
        self._wait(GREETING)

    def passes(self, screen: SessionSnapshot) -> None:
        """The screen that was asked for is here; its answer is not complete, and frames may come before it is."""
        if self.meanwhile is not None:
            self.meanwhile.passes(screen)

    def keep(self, frame: Output) -> None:
        """A frame came."""
        if self.meanwhile is not None:
            self.meanwhile.add(frame)

    def forget(self) -> None:
        """What was kept does not belong to what follows."""
        if self.meanwhile is not None:
            self.meanwhile = Meanwhile()

    def _answered(self, outcome: Outcome) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        problem = refusal(outcome)
        if problem is not None:
            self._wait(ASK_AFTER_FAILURE)
            self._failed(problem)
            return
        events = outcome.events if isinstance(outcome, Answered) else ()
        screen = next((event for event in events if isinstance(event, SessionSnapshot)), None)
        self._at = self._now() + ASK_EVERY
        if screen is None or meanwhile is None or not self._came(screen, meanwhile):
            self._look(self._at)

    def _wait(self, seconds: float) -> None:
        self._at = self._now() + seconds
        self._look(self._at)

"""The hub at the keyboard of a session: what is typed there comes from a person, so it takes control."""

from __future__ import annotations

from gateway.hub_link.services import HubSessions
from protocol.problems import Problem

NAME = "hub"
"""What the other viewers read as the name of who types."""


class Keyboard:
    """Remembers of which sessions the hub has taken the keyboard."""

    def __init__(self, sessions: HubSessions) -> None:
        self._sessions = sessions
        self._taken: set[str] = set()

    def take(self, session_id: str) -> bool:
        """Make sure that the hub may type; True when it took the keyboard just now. Raises Problem NOT_FOUND."""
        control = self._sessions.control(session_id)
        if control.may_write(NAME, NAME):
            known = session_id in self._taken
        else:
            control.take(NAME, NAME)
            known = False
        self._taken.add(session_id)
        return not known

    def release(self) -> None:
        """Give every keyboard back: the hub is gone."""
        for session_id in self._taken:
            try:
                self._sessions.control(session_id).release(NAME)
            except Problem:
                continue  # the session is gone, and its keyboard with it
        self._taken.clear()

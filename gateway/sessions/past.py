"""Sessions that are over: what is still known of them, bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway.sessions.records import SessionRecord
from gateway.sessions.ring import Ring
from gateway.sessions.types import Ended, SessionInfo, SessionStatus, Snapshot
from gateway.sessions.viewer import Viewer

MAX_PAST = 100
"""Ended sessions that are remembered; the oldest goes first."""

LOST = "The session was lost while Hutch was not running; start it again."


class Past:
    """Ended sessions by id, in the order they ended."""

    def __init__(self) -> None:
        self._infos: dict[str, SessionInfo] = {}
        self._screens: dict[str, Snapshot] = {}

    def add(self, info: SessionInfo, screen: Snapshot | None) -> list[str]:
        """Remember one more; answers the ids that had to be forgotten for it."""
        self._infos[info.id] = info
        if screen is not None:
            self._screens[info.id] = screen
        return [self.forget(session_id) for session_id in list(self._infos)[:-MAX_PAST]]

    def get(self, session_id: str) -> SessionInfo | None:
        """One ended session, or None."""
        return self._infos.get(session_id)

    def screen(self, session_id: str) -> Snapshot | None:
        """Its last screen, where the daemon saw it."""
        return self._screens.get(session_id)

    def all(self) -> list[SessionInfo]:
        """Every one, the oldest end first."""
        return list(self._infos.values())

    def forget(self, session_id: str) -> str:
        """Drop what is known of it; answers the id."""
        self._infos.pop(session_id, None)
        self._screens.pop(session_id, None)
        return session_id

    def viewer(self, session_id: str, viewer_id: str, name: str) -> Viewer:
        """Somebody who looks at an ended session: its last screen and the end."""
        viewer = Viewer(viewer_id, name, Ring(0, 0), _NoSource(), 0)
        viewer.end(Ended(self._infos[session_id].exit_code), self._screens.get(session_id))
        return viewer


class _NoSource:
    def request(self) -> None:
        """No snapshot comes any more."""


def info_of(record: SessionRecord) -> SessionInfo:
    """An ended session as the store remembers it."""
    ended_at = record.ended_at or datetime.now(UTC)
    lost = record.exit_code is None
    failed = lost or (record.agent is not None and record.exit_code != 0)
    return SessionInfo(
        id=record.id, name=record.name, agent=record.agent, workdir=Path(record.workdir),
        status=SessionStatus.FAILED if failed else SessionStatus.ENDED, title="", cols=record.cols, rows=record.rows,
        created_at=record.created_at, last_activity_at=ended_at, returns=record.returns, exit_code=record.exit_code,
        problem=LOST if lost else None,
    )  # fmt: skip

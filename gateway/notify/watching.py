"""What of all that happens is worth telling somebody. Pure: events in, notices and what is moot out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.conversations.types import TurnState
from gateway.events.chat import ConversationRemoved, PermissionAnswered, PermissionAsked, TurnEnded
from gateway.events.types import AnyEvent, SessionChanged, SessionEnded, SessionStarted
from gateway.notify.types import Kind, Notice
from gateway.sessions.types import SessionStatus

WORKED: Final = timedelta(seconds=20)
"""An agent in a terminal that was at work for less is not said to be done."""


@dataclass(frozen=True, slots=True)
class Moot:
    """What was to be told under this key, or one that begins with it, nobody needs to know any more."""

    key: str


@dataclass(slots=True)
class _Session:
    status: SessionStatus
    since: datetime
    waits: int = 0


class Watcher:
    """``is_agent`` says whether a session runs an agent CLI: a shell is never done."""

    def __init__(self, is_agent: Callable[[str], bool]) -> None:
        self._is_agent = is_agent
        self._sessions: dict[str, _Session] = {}

    def see(self, event: AnyEvent) -> list[Notice | Moot]:
        """What follows from an event."""
        if isinstance(event, SessionStarted | SessionEnded | SessionChanged):
            return self._of_session(event)
        match event:
            case PermissionAsked():
                return [_asks(event)]
            case PermissionAnswered():
                return [Moot(f"{event.conversation_id}:ask:{event.permission_id}")]
            case TurnEnded():
                return _ended(event)
            case ConversationRemoved():
                return [Moot(f"{event.conversation_id}:")]
        return []

    def _of_session(self, event: SessionStarted | SessionEnded | SessionChanged) -> list[Notice | Moot]:
        if isinstance(event, SessionChanged):
            return self._session(event)
        if isinstance(event, SessionEnded):
            self._sessions.pop(event.session_id, None)
            return [Moot(f"session:{event.session_id}:")]
        self._sessions[event.session_id] = _Session(SessionStatus.STARTING, event.at)
        return []

    def _session(self, event: SessionChanged) -> list[Notice | Moot]:
        known = self._sessions.setdefault(event.session_id, _Session(event.status, event.at))
        before, since = known.status, known.since
        if event.status is before:
            return []
        known.status, known.since = event.status, event.at
        key = f"session:{event.session_id}:"
        if event.status is SessionStatus.WAITING:
            known.waits += 1
            asked = event.waiting_for or "Look at its terminal."
            return [self._notice(event, f"{key}wait:{known.waits}", Kind.WAITS, "waits for you", asked)]
        found: list[Notice | Moot] = [Moot(f"{key}wait:")]
        if not self._is_agent(event.session_id):
            return found
        if event.status is SessionStatus.FAILED:
            found.append(self._notice(event, f"{key}failed", Kind.FAILED, "failed", "Look at its terminal."))
        elif before is SessionStatus.WORKING and event.status is SessionStatus.IDLE and event.at - since >= WORKED:
            key = f"{key}done:{event.at.timestamp():.0f}"
            found.append(self._notice(event, key, Kind.FINISHED, "is done", "Look at its terminal."))
        return found

    def _notice(self, event: SessionChanged, key: str, kind: Kind, does: str, body: str) -> Notice:
        return Notice(key, kind, f"{event.name} {does}", body, f"/sessions/{event.session_id}")


def _asks(event: PermissionAsked) -> Notice:
    return Notice(
        key=f"{event.conversation_id}:ask:{event.request.id}",
        kind=Kind.WAITS,
        title=f"{_named(event.title)} waits for you",
        body=event.request.title,
        path=f"/conversations/{event.conversation_id}",
    )


def _ended(event: TurnEnded) -> list[Notice | Moot]:
    found: list[Notice | Moot] = [Moot(f"{event.conversation_id}:ask:")]
    path, key = f"/conversations/{event.conversation_id}", f"{event.conversation_id}:turn:{event.turn_id}"
    if event.state is TurnState.DONE:
        found.append(Notice(key, Kind.FINISHED, f"{_named(event.title)} is done", "The agent has answered.", path))
    elif event.state is TurnState.FAILED:
        why = event.problem.message if event.problem else "Look at the conversation."
        found.append(Notice(key, Kind.FAILED, f"{_named(event.title)} failed", why, path))
    return found


def _named(title: str) -> str:
    return title or "A conversation"

"""session.*: start, type, resize, end, look."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.services import HubSessions
from gateway.hub_link.terminals import Terminals
from gateway.sessions.types import SessionSpec
from protocol.commands import (
    AgentConfig,
    SessionAck,
    SessionCreate,
    SessionEnd,
    SessionInput,
    SessionResize,
    SessionSnapshotRequest,
)
from protocol.events import SessionEnded, SessionStarted


class SessionCommands:
    """The handlers of the family."""

    def __init__(self, sessions: HubSessions, terminals: Terminals, keyboard: Keyboard) -> None:
        self._sessions = sessions
        self._terminals = terminals
        self._keyboard = keyboard

    async def create(self, command: SessionCreate) -> Reply:
        """Start a session; its first screen follows the answer."""
        self._terminals.hold(command.session_id)
        try:
            info = await self._sessions.create(_spec(command))
        except BaseException:
            await self._terminals.release(command.session_id, started=False)
            raise
        started = SessionStarted(request_id=command.request_id, session_id=info.id, pid=info.pid)
        return Reply((started,), after=partial(self._terminals.release, command.session_id, started=True))

    async def input(self, command: SessionInput) -> Reply:
        """Type; the audit log hears of it when the hub takes the keyboard, not of every key."""
        taken = self._keyboard.take(command.session_id)
        await self._sessions.input(command.session_id, command.data)
        return Reply(record=taken)

    async def resize(self, command: SessionResize) -> Reply:
        """Fit the terminal to who looks at it through the hub."""
        taken = self._keyboard.take(command.session_id)
        await self._sessions.resize(command.session_id, command.cols, command.rows)
        return Reply(record=taken)

    async def end(self, command: SessionEnd) -> Reply:
        """End a session and everything in it."""
        known = self._terminals.knows(command.session_id)
        exit_code = await self._sessions.end(command.session_id)
        if known:
            await self._terminals.say_ended(command.session_id, exit_code)
            return Reply(in_stream=True)
        return Reply((SessionEnded(session_id=command.session_id, exit_code=exit_code),))

    async def ack(self, command: SessionAck) -> Reply:
        """Let more output come."""
        self._sessions.get(command.session_id)
        self._terminals.ack(command.session_id, command.seq)
        return Reply()

    async def snapshot(self, command: SessionSnapshotRequest) -> Reply:
        """Show the screen, in its place between the frames of output."""
        return Reply(later=partial(self._terminals.show, command.session_id))


def _spec(command: SessionCreate) -> SessionSpec:
    config = command.agent_config or AgentConfig()
    return SessionSpec(
        name=command.name,
        workdir=Path(command.workdir),
        agent=None if command.agent == "none" else command.agent,
        session_id=command.session_id,
        env=dict(command.env or {}),
        claude_md=config.claude_md,
        agents_md=config.agents_md,
    )

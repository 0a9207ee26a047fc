"""Terminal input that came as binary frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gateway.hub_link.channel import Channel
from gateway.hub_link.commands.table import session_lane
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.lanes import Job, Lanes
from gateway.hub_link.outbox import LinkGone
from gateway.hub_link.services import HubSessions
from gateway.hub_link.terms import Terms
from gateway.hub_link.trail import Trail
from protocol.events import SessionError
from protocol.frames import BinaryFrame
from protocol.problems import Problem

_TOO_FAST = "More input came than the session takes, and some of it was dropped. Check what was typed, then go on."


@dataclass(eq=False)
class _Waiting:
    job: Job
    data: bytearray


class Typist:
    """Types in order with the commands of the session; input that waits for its turn is put together."""

    def __init__(self, sessions: HubSessions, keyboard: Keyboard, lanes: Lanes, trail: Trail, terms: Terms) -> None:
        self._sessions = sessions
        self._keyboard = keyboard
        self._lanes = lanes
        self._trail = trail
        self._terms = terms
        self._waiting: dict[str, _Waiting] = {}
        self._dropped: set[str] = set()

    def type(self, frame: BinaryFrame, channel: Channel) -> None:
        """Take input on; what is too much is dropped, and the hub is told so. Never waits."""
        session_id = frame.session_id
        waiting = self._waiting.get(session_id)
        if waiting is not None and self._lanes.grow(session_lane(session_id), waiting.job, len(frame.payload)):
            waiting.data += frame.payload
            return
        data = bytearray(frame.payload)
        job = Job(partial(self._run, session_id, data, channel), len(data))
        if self._lanes.submit(session_lane(session_id), job):
            self._waiting[session_id] = _Waiting(job, data)
        else:
            self._dropped.add(session_id)

    async def _run(self, session_id: str, data: bytearray, channel: Channel) -> None:
        waiting = self._waiting.get(session_id)
        if waiting is not None and waiting.data is data:
            del self._waiting[session_id]
        try:
            self._terms.check("terminals")
            if self._keyboard.take(session_id):
                await self._trail.record("session.control", session_id)
            await self._sessions.input(session_id, bytes(data))
        except Problem as problem:
            await self._complain(session_id, problem.message, channel)
        if session_id in self._dropped:
            self._dropped.discard(session_id)
            await self._complain(session_id, _TOO_FAST, channel)

    async def _complain(self, session_id: str, sentence: str, channel: Channel) -> None:
        try:
            await channel.tell(SessionError(session_id=session_id, error=sentence))
        except LinkGone:
            return

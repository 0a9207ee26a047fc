"""What a hub is told unasked beside the terminals: that a session changed, and what the hub may do from now on."""

from __future__ import annotations

import asyncio
from typing import Final

from foundation.bus import FellBehind
from gateway.events.types import AnyEvent, DeviceBus, HubPolicyChanged, SessionChanged
from gateway.hub_link import messages
from gateway.hub_link.channel import Channel
from gateway.hub_link.services import HubSessions
from gateway.hub_link.terms import Terms
from protocol import events as wire
from protocol.problems import Problem

AT_MOST_EVERY: Final = 1.0
"""Seconds between two words about one session: some programs draw in their title."""


class Announcer:
    """Tells of changes for as long as one connection lasts: how things are, not each step on the way there."""

    def __init__(self, sessions: HubSessions, bus: DeviceBus, terms: Terms, channel: Channel) -> None:
        self._sessions = sessions
        self._bus = bus
        self._terms = terms
        self._channel = channel
        self._changed: dict[str, None] = {}
        self._some = asyncio.Event()

    async def listen(self) -> None:
        """Until cancelled or LinkGone. One that falls behind goes on with the next change: health tells the rest."""
        while True:
            try:
                async with self._bus.subscribe() as subscription:
                    async for published in subscription:
                        await self._hear(published.event)
            except FellBehind:
                continue

    async def speak(self) -> None:
        """Tell of sessions, until cancelled or LinkGone."""
        told: dict[str, wire.ActiveSession] = {}
        while True:
            await self._some.wait()
            self._some.clear()
            changed, self._changed = list(self._changed), {}
            for session_id in changed:
                session = self._look(session_id)
                if session is None:
                    told.pop(session_id, None)
                elif not _same(told.get(session_id), session):
                    told[session_id] = session
                    await self._channel.tell(wire.SessionChanged(session=session))
            await asyncio.sleep(AT_MOST_EVERY)

    async def _hear(self, event: AnyEvent) -> None:
        match event:
            case SessionChanged(session_id=session_id):
                self._changed[session_id] = None
                self._some.set()
            case HubPolicyChanged():
                await self._channel.tell(wire.GatewayPolicy(allows=self._terms.allows))
            case _:
                pass

    def _look(self, session_id: str) -> wire.ActiveSession | None:
        try:
            session = self._sessions.get(session_id)
        except Problem:
            return None
        if not messages.alive(session):
            return None
        return messages.active(session, title=self._terms.may("terminals"))


def _same(before: wire.ActiveSession | None, now: wire.ActiveSession) -> bool:
    return before is not None and before.model_copy(update={"last_activity_at": now.last_activity_at}) == now

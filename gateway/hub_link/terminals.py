"""The screens of all live sessions on their way to the hub, for as long as a connection lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from foundation.bus import FellBehind
from gateway.events.types import AnyEvent, DeviceBus, HubPolicyChanged, SessionEnded, SessionStarted
from gateway.hub_link import messages
from gateway.hub_link.channel import Channel, Request
from gateway.hub_link.forwarder import Forwarder
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.services import HubSessions
from gateway.hub_link.terms import Terms
from protocol import events as wire
from protocol.events import Permission
from protocol.problems import Problem

GREETING_PATIENCE = 5.0
"""Seconds the greeting waits for the screens; one that comes later is sent on its own."""
_SEEN: Permission = "terminals"
END_PATIENCE = 2.0
"""Seconds the last output of a session that was ended may take before the hub is told without it."""


class Terminals:
    """Which sessions the hub sees: all, or none where the owner of the device does not allow it.

    Sessions that somebody starts on the device appear there as well.
    """

    def __init__(self, sessions: HubSessions, bus: DeviceBus, terms: Terms, keyboard: Keyboard) -> None:
        self._sessions = sessions
        self._terms = terms
        self._keyboard = keyboard
        self._bus = bus
        self._channel: Channel | None = None
        self._gate = asyncio.Event()
        self._forwarders: dict[str, Forwarder] = {}
        self._known: set[str] = set()
        self._held: set[str] = set()

    # What the commands need

    def knows(self, session_id: str) -> bool:
        """Whether the hub takes this session for a live one."""
        return session_id in self._known

    def hold(self, session_id: str) -> None:
        """A session of this id is about to start; its screen waits for :meth:`release`."""
        self._held.add(session_id)

    async def release(self, session_id: str, *, started: bool) -> None:
        """The hub has its answer. When the session started, show its screen, or say that it is over already."""
        self._held.discard(session_id)
        if not started:
            return
        self._known.add(session_id)
        if self._is_alive(session_id):
            self._watch(session_id)
        else:
            await self._farewell(session_id)

    def ack(self, session_id: str, seq: int) -> None:
        """The highest frame the hub's viewers have seen."""
        forwarder = self._forwarders.get(session_id)
        if forwarder is not None:
            forwarder.ack(seq)

    async def show(self, session_id: str, request: Request) -> None:
        """Answer a request for a screen. Raises Problem NOT_FOUND and what a snapshot raises."""
        forwarder = self._forwarders.get(session_id)
        if forwarder is None or not await forwarder.show(request):
            screen = await self._sessions.snapshot(session_id)
            await request.answer(messages.snapshot(screen, request.command.request_id))

    async def say_ended(self, session_id: str, exit_code: int | None) -> None:
        """Tell the hub once that a session is over, after its last output unless that takes too long."""
        forwarder = self._forwarders.get(session_id)
        if forwarder is not None:
            try:
                async with asyncio.timeout(END_PATIENCE):
                    await forwarder.done()
            except TimeoutError:
                await forwarder.close()
            self._drop(session_id, forwarder)
        await self._farewell(session_id, exit_code)

    # The connection

    async def open(self, channel: Channel) -> Sequence[wire.SessionSnapshot]:
        """Begin to watch every live session on a new connection; the screens for the greeting."""
        self._channel = channel
        self._gate = asyncio.Event()
        for session in self._sessions.list():
            if messages.alive(session):
                self._watch(session.id, greeted=True)
        waiting = [forwarder.first for forwarder in self._forwarders.values()]
        if not waiting:
            return ()
        done, late = await asyncio.wait(waiting, timeout=GREETING_PATIENCE)
        for future in late:
            future.cancel()
        screens = [future.result() for future in done]
        return [screen for screen in screens if screen is not None]

    async def follow(self) -> None:
        """After the greeting: let the output go, and follow what starts and ends, until cancelled or LinkGone."""
        self._gate.set()
        while True:
            try:
                async with self._bus.subscribe() as subscription:
                    await self._catch_up()
                    async for published in subscription:
                        await self._hear(published.event)
            except FellBehind:
                continue

    async def close(self) -> None:
        """The connection is over."""
        self._channel = None
        await self._stop_watching()

    async def _hide(self) -> None:
        """The owner took the terminals away from the hub."""
        self._keyboard.release()
        await self._stop_watching()
        self._known.clear()

    async def _stop_watching(self) -> None:
        forwarders = list(self._forwarders.items())
        await asyncio.gather(*(forwarder.close() for _, forwarder in forwarders))
        for session_id, forwarder in forwarders:
            self._drop(session_id, forwarder)

    async def _catch_up(self) -> None:
        live = {session.id for session in self._sessions.list() if messages.alive(session)}
        for session_id in live:
            self._watch(session_id)
        for session_id in self._known - live - set(self._forwarders):
            await self._farewell(session_id)

    async def _hear(self, event: AnyEvent) -> None:
        match event:
            case SessionStarted(session_id=session_id):
                self._watch(session_id)
            case SessionEnded(session_id=session_id, exit_code=exit_code) if session_id not in self._forwarders:
                await self._farewell(session_id, exit_code)
            case HubPolicyChanged():
                await (self._catch_up() if self._terms.may(_SEEN) else self._hide())
            case _:
                pass  # a session that is watched says itself that it is over, after its last output

    async def _farewell(self, session_id: str, exit_code: int | None = None) -> None:
        if self._channel is None or session_id not in self._known:
            return
        self._known.discard(session_id)
        if exit_code is None:
            with suppress(Problem):
                exit_code = self._sessions.get(session_id).exit_code
        await self._channel.tell(wire.SessionEnded(session_id=session_id, exit_code=exit_code))

    def _watch(self, session_id: str, *, greeted: bool = False) -> None:
        if session_id in self._held or session_id in self._forwarders:
            return
        if self._channel is None or not self._terms.may(_SEEN):
            return
        forwarder = Forwarder(session_id, self._sessions, self._channel, self._gate)
        if not greeted:
            forwarder.first.cancel()
        forwarder.on_done(partial(self._done, session_id, forwarder))
        self._forwarders[session_id] = forwarder
        self._known.add(session_id)

    def _done(self, session_id: str, forwarder: Forwarder) -> None:
        self._drop(session_id, forwarder)
        # An id may be used again while the end of its last session still waits to be passed on.
        if forwarder.ended and self._is_alive(session_id):
            self._watch(session_id)

    def _drop(self, session_id: str, forwarder: Forwarder) -> None:
        if self._forwarders.get(session_id) is not forwarder:
            return
        del self._forwarders[session_id]
        if forwarder.ended:
            self._known.discard(session_id)

    def _is_alive(self, session_id: str) -> bool:
        try:
            return messages.alive(self._sessions.get(session_id))
        except Problem:
            return False

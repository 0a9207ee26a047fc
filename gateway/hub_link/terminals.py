"""The screens of all live sessions on their way to the hub, for as long as a connection lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.events.bus import EventBus, FellBehind
from gateway.events.types import AnyEvent, SessionEnded, SessionStarted
from gateway.hub_link import messages
from gateway.hub_link.channel import Channel, Request
from gateway.hub_link.forwarder import Forwarder
from gateway.hub_link.outbox import LinkGone
from gateway.hub_link.services import HubSessions
from protocol import events as wire
from protocol.problems import Problem

GREETING_PATIENCE = 5.0
"""Seconds the greeting waits for the screens; one that comes later is sent on its own."""
END_PATIENCE = 2.0
"""Seconds the last output of a session that was ended may take before the hub is told without it."""


class Terminals:
    """Which sessions the hub sees. Sessions that somebody starts on the device appear there as well."""

    def __init__(self, sessions: HubSessions, bus: EventBus) -> None:
        self._sessions = sessions
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
        """A session of this name is about to start; its screen waits for :meth:`release`."""
        self._held.add(session_id)

    def release(self, session_id: str) -> None:
        """The hub has its answer: show the screen, if there is one now."""
        self._held.discard(session_id)
        try:
            live = messages.alive(self._sessions.get(session_id))
        except Problem:
            return
        if live:
            self._show_from_now(session_id)

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
            if forwarder.ended:
                self._known.discard(session_id)
        await self._farewell(session_id, exit_code)

    # The connection

    async def open(self, channel: Channel) -> Sequence[wire.SessionSnapshot]:
        """Begin to watch every live session on a new connection; the screens for the greeting."""
        self._channel = channel
        self._gate = asyncio.Event()
        for session in self._sessions.list():
            if messages.alive(session):
                self._watch(session.id)
        waiting = {asyncio.create_task(f.first_screen()): f for f in self._forwarders.values()}
        if not waiting:
            return ()
        try:
            done, late = await asyncio.wait(waiting, timeout=GREETING_PATIENCE)
        finally:
            for task in waiting:
                task.cancel()
        for task in late:
            waiting[task].decline_first_screen()
        screens = [task.result() for task in done]
        return [screen for screen in screens if screen is not None]

    async def follow(self) -> None:
        """After the greeting: let the output go, and follow what starts and ends, until cancelled."""
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
        forwarders, self._forwarders = self._forwarders, {}
        await asyncio.gather(*(forwarder.close() for forwarder in forwarders.values()))
        self._known -= {name for name, forwarder in forwarders.items() if forwarder.ended}

    async def _catch_up(self) -> None:
        live = {session.id for session in self._sessions.list() if messages.alive(session)}
        for session_id in live:
            self._show_from_now(session_id)
        for session_id in self._known - live - set(self._forwarders):
            await self._farewell(session_id, self._exit_code(session_id))

    async def _hear(self, event: AnyEvent) -> None:
        match event:
            case SessionStarted(session_id=session_id):
                self._show_from_now(session_id)
            case SessionEnded(session_id=session_id, exit_code=exit_code):
                forwarder = self._forwarders.get(session_id)
                if forwarder is None or forwarder.ended or session_id not in self._known:
                    self._forget(session_id)
                elif session_id not in self._held:
                    await self._after_last_output(session_id, exit_code)
            case _:
                pass

    async def _after_last_output(self, session_id: str, exit_code: int | None) -> None:
        raise NotImplementedError

    def _show_from_now(self, session_id: str) -> None:
        if self._channel is not None and session_id not in self._held and session_id not in self._forwarders:
            self._watch(session_id).decline_first_screen()

    def _watch(self, session_id: str) -> Forwarder:
        assert self._channel is not None
        forwarder = Forwarder(session_id, self._sessions, self._channel, self._gate)
        self._forwarders[session_id] = forwarder
        self._known.add(session_id)
        return forwarder

"""One session's screen on its way to the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gateway.hub_link import messages
from gateway.hub_link.channel import Channel, Request
from gateway.hub_link.keyboard import NAME
from gateway.hub_link.outbox import LinkGone
from gateway.hub_link.services import HubSessions, HubViewer
from gateway.sessions.types import Ended, Output, Resized, Snapshot, ViewerItem
from protocol.events import SessionEnded, SessionError, SessionSnapshot
from protocol.problems import Problem, ProblemCode

log = logging.getLogger(__name__)


class Forwarder:
    """Attaches a viewer and passes on what it shows: a snapshot first, then the frames, then the end.

    What the hub asks to see is shown in its place between the frames. A slow socket holds up nothing but this viewer.
    ``gate`` is closed until the greeting is complete.
    """

    def __init__(self, session_id: str, sessions: HubSessions, channel: Channel, gate: asyncio.Event) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._channel = channel
        self._gate = gate
        self._viewer: HubViewer | None = None
        self._request: tuple[Request, asyncio.Future[bool]] | None = None
        self._showing = asyncio.Lock()
        self._end: Ended | None = None
        self.first: asyncio.Future[SessionSnapshot | None] = asyncio.get_running_loop().create_future()
        """The first screen, for the greeting; None when there is none. Who cancels it leaves the sending to us."""
        self.ended = False
        """Whether the hub was told that the session is over."""
        self._task = asyncio.create_task(self._run(), name=f"hub forwarder {session_id}")

    async def show(self, request: Request) -> bool:
        """Answer a request for the screen; False when the session is not watched any more."""
        async with self._showing:
            if self._task.done():
                return False
            answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._request = (request, answered)
            if self._viewer is not None:
                self._viewer.refresh()
            return await answered

    def ack(self, seq: int) -> None:
        """The highest frame the hub's viewers have seen."""
        if self._viewer is not None:
            self._viewer.ack(seq)

    async def done(self) -> None:
        """Wait until everything is passed on."""
        await asyncio.wait([self._task])

    def on_done(self, callback: Callable[[], None]) -> None:
        """Call back once everything is passed on."""
        self._task.add_done_callback(lambda _task: callback())

    async def close(self) -> None:
        """Stop, in the middle of whatever it is."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            await self._pass_on()
            await self._say_ended()
        except LinkGone:
            pass  # the next connection begins with a snapshot
        finally:
            if not self.first.done():
                self.first.set_result(None)
            if self._request is not None and not self._request[1].done():
                self._request[1].set_result(False)

    async def _pass_on(self) -> None:
        try:
            async with self._sessions.attach(self._session_id, name=NAME) as viewer:
                self._viewer = viewer
                async for item in viewer:
                    await self._pass(item)
        except LinkGone:
            raise
        except Problem as problem:
            await self._complain(problem)
        except Exception:
            log.exception("the screen of session %s cannot be passed on to the hub", self._session_id)
            await self._complain(Problem(ProblemCode.INTERNAL, "The screen cannot be shown. See the device's log."))

    async def _pass(self, item: ViewerItem) -> None:
        match item:
            case Snapshot():
                await self._screen(item)
            case Output(seq, payload):
                await self._channel.output(self._session_id, seq, payload)
            case Ended():
                self._end = item
            case Resized():
                pass  # a snapshot of the new size follows

    async def _screen(self, screen: Snapshot) -> None:
        greeting = not self.first.done()
        if greeting:
            self.first.set_result(messages.snapshot(screen))
        await self._gate.wait()
        if self._request is not None:
            (request, answered), self._request = self._request, None
            try:
                await request.answer(messages.snapshot(screen, request.command.request_id))
            finally:
                if not answered.done():
                    answered.set_result(request.answered)
        elif not greeting:
            await self._channel.tell(messages.snapshot(screen))

    async def _complain(self, problem: Problem) -> None:
        if problem.code not in (ProblemCode.NOT_FOUND, ProblemCode.SESSION_ENDED):
            await self._gate.wait()
            await self._channel.tell(SessionError(session_id=self._session_id, error=problem.message))

    async def _say_ended(self) -> None:
        exit_code = self._end.exit_code if self._end is not None else None
        if self._end is None:
            try:
                session = self._sessions.get(self._session_id)
            except Problem:
                return
            if messages.alive(session):
                return
            exit_code = session.exit_code
        await self._gate.wait()
        await self._channel.tell(SessionEnded(session_id=self._session_id, exit_code=exit_code))
        self.ended = True

"""One session's screen on its way to the hub."""

from __future__ import annotations

import asyncio
import logging

from gateway.hub_link import messages
from gateway.hub_link.channel import Channel, Request
from gateway.hub_link.keyboard import NAME
from gateway.hub_link.outbox import LinkGone
from gateway.hub_link.services import HubSessions, HubViewer
from gateway.sessions.types import Ended, Output, Resized, Snapshot
from protocol.events import SessionEnded, SessionError, SessionSnapshot
from protocol.problems import Problem, ProblemCode

log = logging.getLogger(__name__)


class Forwarder:
    """Attaches a viewer and passes on what it shows: a snapshot first, then the frames, then the end.

    It attaches anew, and so begins with a fresh snapshot, when the size changed and when the hub asks for the screen:
    that puts the snapshot into its place between the frames. A slow socket holds up nothing but this viewer.
    """

    def __init__(self, session_id: str, sessions: HubSessions, channel: Channel, gate: asyncio.Event) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._channel = channel
        self._gate = gate
        self._viewer: HubViewer | None = None
        self._requests: list[tuple[Request, asyncio.Future[bool]]] = []
        self._over = False
        self._round: asyncio.Task[None] | None = None
        self._first: asyncio.Future[SessionSnapshot | None] = asyncio.get_running_loop().create_future()
        self.ended = False
        """Whether the hub was told that the session is over."""
        self._task = asyncio.create_task(self._run(), name=f"hub forwarder {session_id}")

    async def first_screen(self) -> SessionSnapshot | None:
        """The first snapshot, for the greeting; who takes it sends it. None when the session cannot be watched."""
        return await self._first

    def decline_first_screen(self) -> None:
        """The greeting goes without it: send it on its own when it is there."""
        self._first.cancel()

    async def show(self, request: Request) -> bool:
        """Answer a request for the screen; False when the session is not watched any more."""
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._requests.append((request, answered))
        if self._task.done():
            self._give_up_requests()
        elif self._round is not None and self._gate.is_set():
            self._round.cancel()
        return await answered

    def ack(self, seq: int) -> None:
        """The highest frame the hub's viewers have seen."""
        if self._viewer is not None:
            self._viewer.ack(seq)

    async def done(self) -> None:
        """Wait until everything is passed on."""
        await asyncio.wait([self._task])

    async def close(self) -> None:
        """Stop, in the middle of whatever it is."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while not self._over:
                self._round = asyncio.create_task(self._attach())
                try:
                    await asyncio.wait([self._round])
                finally:
                    self._round.cancel()
                    await asyncio.wait([self._round])
                if not self._round.cancelled():
                    self._round.result()
        except LinkGone:
            pass
        except Problem as problem:
            await self._complain(problem)
        except Exception:
            log.exception("the screen of session %s cannot be passed on to the hub", self._session_id)
            await self._complain(Problem(ProblemCode.INTERNAL, "The screen cannot be passed on. See the device's log."))
        finally:
            if not self._first.done():
                self._first.set_result(None)
            self._give_up_requests()

    def _give_up_requests(self) -> None:
        for _request, answered in self._requests:
            if not answered.done():
                answered.set_result(False)
        self._requests.clear()

    async def _complain(self, problem: Problem) -> None:
        if problem.code in (ProblemCode.NOT_FOUND, ProblemCode.SESSION_ENDED):
            return
        try:
            await self._channel.tell(SessionError(session_id=self._session_id, error=problem.message))
        except LinkGone:
            return

    async def _attach(self) -> None:
        async with self._sessions.attach(self._session_id, name=NAME) as viewer:
            self._viewer = viewer
            async for item in viewer:
                match item:
                    case Snapshot():
                        await self._screen(item)
                    case Output(seq, payload):
                        await self._channel.output(self._session_id, seq, payload)
                    case Resized():
                        return
                    case Ended(exit_code):
                        self._over = True
                        await self._channel.tell(SessionEnded(session_id=self._session_id, exit_code=exit_code))
                        self.ended = True
                        return
        self._over = True

    async def _screen(self, screen: Snapshot) -> None:
        if not self._first.done():
            self._first.set_result(messages.snapshot(screen))
            await self._gate.wait()
            if not self._requests:
                return
        elif not self._requests:
            await self._channel.tell(messages.snapshot(screen))
        while self._requests:
            request, answered = self._requests[0]
            await request.answer(messages.snapshot(screen, request.command.request_id))
            self._requests.pop(0)
            if not answered.done():
                answered.set_result(True)

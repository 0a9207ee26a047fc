"""A viewer's socket on a session of a device: what the hub's watch shows, and what the viewer may do with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from aiohttp import web

from foundation.web.streams.live import Ending
from foundation.web.streams.output import OutputWriter
from foundation.web.streams.terminal import ViewerSocket
from foundation.web.streams.terminal_input import TerminalInput
from hub.fleet.state import FleetState
from hub.ports import ControlChanged, Output, Refused, SessionEnded, Watch, WatchItem
from protocol.events import SessionSnapshot
from protocol.problems import ProblemCode
from protocol.terminal import AnyServerMessage, TerminalControl, TerminalEnded, TerminalError, TerminalSnapshot


class WatchHands:
    """A :class:`foundation.web.streams.terminal_input.Hands` on a watch."""

    def __init__(self, device_id: str, session_id: str, watch: Watch, state: FleetState) -> None:
        self.cut = False
        """Whether the session was cut off for its output; taking control shows it again."""
        self._device_id = device_id
        self._session_id = session_id
        self._watch = watch
        self._state = state
        self.type = watch.type
        self.resize = watch.resize
        self.ack = watch.ack

    async def take_control(self) -> None:
        """Take the keyboard, and show what was cut off."""
        await self._watch.take_control()
        if self.cut:
            await self._watch.resume()
            self.cut = False
            self._state.tame(self._device_id, self._session_id, datetime.now(UTC))


class TerminalSocket(ViewerSocket):
    """The socket of one viewer; :meth:`end` may be called even before :meth:`run`."""

    def __init__(self, ws: web.WebSocketResponse, device_id: str, session_id: str, state: FleetState) -> None:
        super().__init__(ws, session_id)
        self._device_id = device_id
        self._state = state

    async def run(self, watch: Watch, transport: asyncio.Transport | None) -> None:
        """Serve the viewer until it leaves, its login ends, or the session or the device is gone."""
        hands = WatchHands(self._device_id, self._session_id, watch, self._state)
        taken = TerminalInput(self._session_id, hands)
        await self.serve(taken, lambda output: self._show(watch, hands, output), transport)

    async def _show(self, watch: Watch, hands: WatchHands, output: OutputWriter) -> None:
        ended = False
        watch.at_once(output.write)
        try:
            async for item in watch:
                if type(item) is Output:
                    await output.send(item)
                    continue
                ended = isinstance(item, SessionEnded)
                if isinstance(item, Refused) and item.problem.code is ProblemCode.RUNAWAY_OUTPUT:
                    hands.cut = True
                await self.send(_message_of(self._session_id, item))
        except ConnectionError:
            return
        # A device that is gone comes again, and so does a viewer that was dropped.
        self.end(Ending.SESSION_OVER if ended else Ending.DEVICE_GONE)


def _message_of(session_id: str, item: WatchItem) -> AnyServerMessage:
    match item:
        case SessionSnapshot():
            return _shown(item)
        case ControlChanged(holder=holder, yours=yours, may_write=may_write):
            return TerminalControl(holder=holder, yours=yours, may_write=may_write)
        case SessionEnded(exit_code=exit_code):
            return TerminalEnded(exit_code=exit_code)
        case Refused(problem=problem):
            return TerminalError(error=problem.message, code=problem.code)
        case Output():
            raise AssertionError(f"output of {session_id} is sent by the caller")


def _shown(screen: SessionSnapshot) -> TerminalSnapshot:
    """A gateway of another make leaves out what it does not know."""
    return TerminalSnapshot(
        session_id=screen.session_id,
        content=screen.content,
        cols=screen.cols or 80,
        rows=screen.rows or 24,
        cursor_x=screen.cursor_x or 0,
        cursor_y=screen.cursor_y or 0,
        cursor_visible=screen.cursor_visible is not False,
        alternate_on=bool(screen.alternate_on),
        seq=screen.seq or 0,
        scrollback=screen.scrollback or 0,
        modes=screen.modes or "",
        title=screen.title or "",
    )

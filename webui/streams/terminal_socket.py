"""A viewer's socket on a session of this device: what the session shows, and what the viewer may do with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from foundation.web.streams.live import Ending
from foundation.web.streams.output import OutputWriter
from foundation.web.streams.terminal import ViewerSocket
from foundation.web.streams.terminal_input import TerminalInput
from gateway.sessions.types import Ended, Output, Resized, Snapshot
from protocol.terminal import TerminalEnded, TerminalResized, TerminalSnapshot
from webui.meters import Meters
from webui.streams.keyboard import Keyboard

if TYPE_CHECKING:
    from gateway.sessions.control import Control
    from gateway.sessions.manager import Sessions
    from gateway.sessions.types import ViewerItem
    from gateway.sessions.viewer import Viewer


class SessionHands:
    """A :class:`foundation.web.streams.terminal_input.Hands` on a session of this device."""

    def __init__(self, session_id: str, sessions: Sessions, viewer: Viewer, keyboard: Keyboard, meters: Meters) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._keyboard = keyboard
        self._meters = meters
        self.ack = viewer.ack

    async def type(self, payload: bytes) -> None:
        """Type, where the keyboard is free or one's own."""
        self._keyboard.check_may_type()
        await self._sessions.input(self._session_id, payload)
        self._meters.input_bytes += len(payload)

    async def resize(self, cols: int, rows: int) -> None:
        """Fit the terminal to this viewer."""
        self._keyboard.check_may_resize()
        await self._sessions.resize(self._session_id, cols, rows)

    async def take_control(self) -> None:
        """Take the keyboard."""
        self._keyboard.take()


class TerminalSocket(ViewerSocket):
    """The socket of one viewer; :meth:`end` and :meth:`control_changed` may be called even before :meth:`run`."""

    def __init__(
        self, ws: web.WebSocketResponse, session_id: str, sessions: Sessions, control: Control, meters: Meters
    ) -> None:
        super().__init__(ws, session_id)
        self._sessions = sessions
        self._control = control
        self._meters = meters
        self._keyboard: Keyboard | None = None
        self._greeted = False

    async def run(self, viewer: Viewer, name: str, *, writes: bool, transport: asyncio.Transport | None) -> None:
        """Serve the viewer until it leaves, its login ends, or the session is over."""
        self._keyboard = Keyboard(self._control, viewer.id, name, writes=writes)
        hands = SessionHands(self._session_id, self._sessions, viewer, self._keyboard, self._meters)
        self._meters.terminals += 1
        try:
            taken = TerminalInput(self._session_id, hands)
            await self.serve(taken, lambda output: self._show(viewer, output), transport)
        finally:
            self._meters.terminals -= 1
            self._keyboard.release()

    def control_changed(self) -> None:
        """Tell the viewer who holds the keyboard now."""
        if self._keyboard is not None and self._greeted:
            self.notify(self._keyboard.message())

    async def _show(self, viewer: Viewer, output: OutputWriter) -> None:
        meters = self._meters
        try:
            async for item in viewer:
                if type(item) is Output:
                    await output.send(item)
                    meters.output_bytes += len(item.payload)
                else:
                    await self._send_item(item)
        except ConnectionError:
            return
        self.end(Ending.SESSION_OVER)

    async def _send_item(self, item: ViewerItem) -> None:
        match item:
            case Snapshot():
                await self.send(_shown(item))
                self._meters.snapshots += 1
                if not self._greeted:
                    self._greeted = True
                    self.control_changed()
            case Resized(cols=cols, rows=rows):
                await self.send(TerminalResized(cols=cols, rows=rows))
            case Ended(exit_code=exit_code):
                await self.send(TerminalEnded(exit_code=exit_code))
            case Output():
                raise AssertionError("output is sent by the caller")


def _shown(snapshot: Snapshot) -> TerminalSnapshot:
    """The message that stands for :meth:`Snapshot.replay`: what a program covers comes first, and stays below it."""
    return TerminalSnapshot(
        session_id=snapshot.session_id,
        content=snapshot.full_content(),
        cols=snapshot.cols,
        rows=snapshot.rows,
        cursor_x=snapshot.cursor_x,
        cursor_y=snapshot.cursor_y,
        cursor_visible=snapshot.cursor_visible,
        alternate_on=snapshot.alternate_on,
        seq=snapshot.seq,
        scrollback=snapshot.scrollback,
        modes=snapshot.modes,
        title=snapshot.title,
    )

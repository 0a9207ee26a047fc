"""One viewer's socket: tasks that read, send the output, send everything else, and look whether it is still there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import TYPE_CHECKING, Final

from aiohttp import WSMsgType, web

from foundation.web.streams.heartbeat import until_silent
from foundation.web.streams.live import Ending
from gateway.sessions.types import Ended, Output, Resized, Snapshot
from protocol.codec import encode
from protocol.frames import FrameKind
from protocol.problems import Problem, ProblemCode
from protocol.terminal import AnyServerMessage, TerminalEnded, TerminalError, TerminalResized, TerminalSnapshot
from webui.meters import Meters
from webui.streams.keyboard import Keyboard
from webui.streams.terminal_input import TerminalInput

if TYPE_CHECKING:
    from gateway.sessions.control import Control
    from gateway.sessions.manager import Sessions
    from gateway.sessions.types import ViewerItem
    from gateway.sessions.viewer import Viewer

MAX_REFUSED: Final = 100
"""Messages of one socket that could not be used, before it is closed."""
_MAX_NOTICES: Final = 64
_CLOSE_SECONDS: Final = 3.0
UNSENT_BYTES: Final = 256 * 1024
"""Bytes the kernel may hold unsent for a viewer: what lies there is late, and can no longer be left out."""
# Somebody who types without being allowed to is told, but not for every key.
_QUIET_SECONDS: Final = 1.0
_EXPECTED: Final = frozenset({ProblemCode.NOT_IN_CONTROL, ProblemCode.FORBIDDEN, ProblemCode.SESSION_ENDED})


class TerminalSocket:
    """The socket of one viewer; :meth:`end` and :meth:`control_changed` may be called even before :meth:`run`."""

    def __init__(
        self, ws: web.WebSocketResponse, session_id: str, sessions: Sessions, control: Control, meters: Meters
    ) -> None:
        self._ws = ws
        self._session_id = session_id
        self._sessions = sessions
        self._control = control
        self._meters = meters
        self._keyboard: Keyboard | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._notices: deque[AnyServerMessage] = deque()
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._heard = asyncio.Event()
        self._ending: Ending | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._refused = 0
        self._quiet_until = 0.0
        self._greeted = False

    async def run(self, viewer: Viewer, name: str, *, writes: bool, transport: asyncio.BaseTransport | None) -> None:
        """Serve the viewer until it leaves, its login ends, or the session is over."""
        self._keyboard = Keyboard(self._control, viewer.id, name, writes=writes)
        self._transport = transport
        _keep_unsent_small(transport)
        taken = TerminalInput(self._session_id, self._sessions, viewer, self._keyboard, self._meters)
        self._meters.terminals += 1
        try:
            async with asyncio.TaskGroup() as group:
                works = (self._read(taken), self._send_output(viewer), self._send_notices(), self._look_after())
                tasks = [group.create_task(work) for work in works]
                await self._over.wait()
                for task in tasks:
                    task.cancel()
            if self._ending is not None:
                # With nobody else reading, this also takes what the client still sends: a connection that is closed
                # over unread bytes is reset, and the close code lost.
                await self._ws.close(code=self._ending.code, message=self._ending.text.encode())
        finally:
            self._meters.terminals -= 1
            self._keyboard.release()
            if self._cut is not None:
                self._cut.cancel()

    def end(self, ending: Ending) -> None:
        """Close the socket, and cut the connection if its client does not take the close."""
        if self._ending is None:
            self._ending = ending
            self._over.set()
            self._cut = asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self._abort)

    def control_changed(self) -> None:
        """Tell the viewer who holds the keyboard now."""
        if self._keyboard is not None and self._greeted:
            self._notify(self._keyboard.message())

    def _notify(self, notice: AnyServerMessage) -> None:
        if len(self._notices) >= _MAX_NOTICES:
            self.end(Ending.ABUSE)
            return
        self._notices.append(notice)
        self._wake.set()

    async def _read(self, taken: TerminalInput) -> None:
        async for message in self._ws:
            self._heard.set()
            try:
                if message.type is WSMsgType.BINARY:
                    await taken.frame(message.data)
                elif message.type is WSMsgType.TEXT:
                    await taken.text(message.data)
                elif message.type is WSMsgType.PING:
                    await self._ws.pong(message.data)
            except Problem as problem:
                self._refuse(problem)
        self._over.set()

    async def _look_after(self) -> None:
        with contextlib.suppress(ConnectionError):
            await until_silent(self._ws, self._heard)
            self._abort()

    def _refuse(self, problem: Problem) -> None:
        if problem.code in _EXPECTED:
            now = asyncio.get_running_loop().time()
            if now < self._quiet_until:
                return
            self._quiet_until = now + _QUIET_SECONDS
        else:
            self._refused += 1
            if self._refused > MAX_REFUSED:
                self.end(Ending.ABUSE)
                return
        self._notify(TerminalError(error=problem.message, code=problem.code))

    async def _send_output(self, viewer: Viewer) -> None:
        """The hot path: a frame is one concatenation and one write, with no task and no timer of its own."""
        name = self._session_id.encode()
        prefix = bytes((FrameKind.OUTPUT, len(name))) + name
        send = self._ws.send_bytes
        meters = self._meters
        try:
            async for item in viewer:
                if type(item) is Output:
                    await send(prefix + item.seq.to_bytes(8, "big") + item.payload)
                    meters.output_bytes += len(item.payload)
                else:
                    await self._send_item(item)
        except ConnectionError:
            return
        self.end(Ending.SESSION_OVER)

    async def _send_item(self, item: ViewerItem) -> None:
        match item:
            case Snapshot():
                await self._send(_shown(item))
                self._meters.snapshots += 1
                if not self._greeted:
                    self._greeted = True
                    self.control_changed()
            case Resized(cols=cols, rows=rows):
                await self._send(TerminalResized(cols=cols, rows=rows))
            case Ended(exit_code=exit_code):
                await self._send(TerminalEnded(exit_code=exit_code))
            case Output():
                raise AssertionError("output is sent by the caller")

    async def _send_notices(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._notices:
                    await self._send(self._notices.popleft())
        except ConnectionError:
            return

    async def _send(self, message: AnyServerMessage) -> None:
        await self._ws.send_str(encode(message, max_bytes=None))

    def _abort(self) -> None:
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()


def _keep_unsent_small(transport: asyncio.BaseTransport | None) -> None:
    """Let the kernel take what the network takes, and little more (tcp(7), TCP_NOTSENT_LOWAT, where there is one)."""
    raw = transport.get_extra_info("socket") if transport is not None else None
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if raw is not None and option is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)


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

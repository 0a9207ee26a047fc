"""One viewer's socket: tasks that read, send what the session shows, and look whether the viewer is still there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from datetime import UTC, datetime
from typing import Final

from aiohttp import WSMsgType, web

from foundation.web.streams.heartbeat import until_silent
from foundation.web.streams.live import Ending
from hub.fleet.state import FleetState
from hub.ports import ControlChanged, Output, Refused, SessionEnded, Watch, WatchItem
from hub.web.streams.terminal_input import TerminalInput
from protocol.codec import encode
from protocol.events import SessionSnapshot
from protocol.frames import FrameKind
from protocol.limits import MIB
from protocol.problems import Problem, ProblemCode
from protocol.terminal import AnyServerMessage, TerminalControl, TerminalEnded, TerminalError, TerminalSnapshot

MAX_INPUT: Final = MIB
"""Bytes of terminal input in one frame: a paste."""
MAX_FRAME: Final = MAX_INPUT + 2 + 255 + 8
MAX_REFUSED: Final = 100
"""Messages of one socket that could not be used, before it is closed."""
UNSENT_BYTES: Final = 256 * 1024
"""Bytes the kernel may hold unsent for a viewer: what lies there is late, and can no longer be left out."""
GONE: Final = 1013
"""The device went away, or this viewer was dropped: come again (IANA, WebSocket close codes)."""
_MAX_NOTICES: Final = 64
_CLOSE_SECONDS: Final = 3.0
# Somebody who types without being allowed to is told, but not for every key.
_QUIET_SECONDS: Final = 1.0
_EXPECTED: Final = frozenset({ProblemCode.NOT_IN_CONTROL, ProblemCode.FORBIDDEN, ProblemCode.SESSION_ENDED})


class TerminalSocket:
    """The socket of one viewer; :meth:`end` may be called even before :meth:`run`."""

    def __init__(self, ws: web.WebSocketResponse, device_id: str, session_id: str, state: FleetState) -> None:
        self._ws = ws
        self._device_id = device_id
        self._session_id = session_id
        self._state = state
        self._transport: asyncio.BaseTransport | None = None
        self._notices: deque[AnyServerMessage] = deque()
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._heard = asyncio.Event()
        self._close: tuple[int, str] | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._refused = 0
        self._quiet_until = 0.0

    async def run(self, watch: Watch, transport: asyncio.BaseTransport | None) -> None:
        """Serve the viewer until it leaves, its login ends, or the session or the device is gone."""
        self._transport = transport
        _keep_unsent_small(transport)
        taken = TerminalInput(self._session_id, watch, self._tamed)
        try:
            async with asyncio.TaskGroup() as group:
                works = (self._read(taken), self._show(watch, taken), self._send_notices(), self._look_after())
                tasks = [group.create_task(work) for work in works]
                await self._over.wait()
                for task in tasks:
                    task.cancel()
            if self._close is not None:
                # With nobody else reading, this also takes what the client still sends: a connection that is closed
                # over unread bytes is reset, and the close code lost.
                await self._ws.close(code=self._close[0], message=self._close[1].encode())
        finally:
            if self._cut is not None:
                self._cut.cancel()

    def end(self, ending: Ending) -> None:
        """Close the socket, and cut the connection if its client does not take the close."""
        self._end(ending.code, ending.text)

    def _end(self, code: int, text: str) -> None:
        if self._close is None:
            self._close = (code, text)
            self._over.set()
            self._cut = asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self._abort)

    def _notify(self, notice: AnyServerMessage) -> None:
        if len(self._notices) >= _MAX_NOTICES:
            self.end(Ending.ABUSE)
            return
        self._notices.append(notice)
        self._wake.set()

    def _tamed(self) -> None:
        self._state.tame(self._device_id, self._session_id, datetime.now(UTC))

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

    async def _show(self, watch: Watch, taken: TerminalInput) -> None:
        """The hot path: a frame is one concatenation and one write, with no task and no timer of its own."""
        name = self._session_id.encode()
        prefix = bytes((FrameKind.OUTPUT, len(name))) + name
        send = self._ws.send_bytes
        ended = False
        try:
            async for item in watch:
                if type(item) is Output:
                    await send(prefix + item.seq.to_bytes(8, "big") + item.payload)
                    continue
                ended = isinstance(item, SessionEnded)
                if isinstance(item, Refused) and item.problem.code is ProblemCode.RUNAWAY_OUTPUT:
                    taken.cut = True
                await self._send(_message_of(self._session_id, item))
        except ConnectionError:
            return
        if ended:
            self.end(Ending.SESSION_OVER)
        else:
            self._end(GONE, "The device is not connected. Try again when it is back.")

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

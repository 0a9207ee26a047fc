"""One viewer's socket: tasks that read, send the output, send everything else, and look whether it is still there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Final

from aiohttp import WSMsgType, web

from foundation.web.streams.heartbeat import until_silent
from foundation.web.streams.live import Ending
from foundation.web.streams.output import OutputWriter
from foundation.web.streams.terminal_input import MAX_FRAME, TerminalInput
from protocol.codec import encode
from protocol.problems import Problem, ProblemCode
from protocol.terminal import AnyServerMessage, TerminalError

MAX_REFUSED: Final = 100
"""Messages of one socket that could not be used, before it is closed."""
UNSENT_BYTES: Final = 256 * 1024
"""Bytes the kernel may hold unsent for a viewer: what lies there is late, and can no longer be left out."""
_MAX_NOTICES: Final = 64
_CLOSE_SECONDS: Final = 3.0
# Somebody who types without being allowed to is told, but not for every key.
_QUIET_SECONDS: Final = 1.0
_EXPECTED: Final = frozenset({ProblemCode.NOT_IN_CONTROL, ProblemCode.FORBIDDEN, ProblemCode.SESSION_ENDED})


def terminal_websocket(request: web.Request) -> web.WebSocketResponse:
    """A WebSocket for a terminal, not yet prepared. Raises :class:`Problem` INVALID_REQUEST for a request that is none.

    Twice the largest frame: somewhat too large is refused and survived, far too large closes the socket (1009).
    """
    ws = web.WebSocketResponse(
        compress=False, autoping=False, max_msg_size=2 * MAX_FRAME, timeout=_CLOSE_SECONDS, decode_text=False
    )
    if not ws.can_prepare(request):
        raise Problem(ProblemCode.INVALID_REQUEST, "This address is a WebSocket. Open it as one.")
    return ws


class ViewerSocket:
    """The socket of one viewer; :meth:`end` may be called even before :meth:`serve`.

    What is shown, and who takes the input, is for the application to say: it extends this class.
    """

    def __init__(self, ws: web.WebSocketResponse, session_id: str) -> None:
        self._ws = ws
        self._session_id = session_id
        self._transport: asyncio.Transport | None = None
        self._notices: deque[AnyServerMessage] = deque()
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._heard = asyncio.Event()
        self._ending: Ending | None = None
        self._cut: asyncio.TimerHandle | None = None
        self._refused = 0
        self._quiet_until = 0.0

    async def serve(
        self,
        taken: TerminalInput,
        show: Callable[[OutputWriter], Coroutine[None, None, None]],
        transport: asyncio.Transport | None,
    ) -> None:
        """Serve the viewer until it leaves, its login ends, or what is shown is over."""
        self._transport = transport
        _keep_unsent_small(transport)
        output = OutputWriter(self._ws, transport, self._session_id)
        try:
            async with asyncio.TaskGroup() as group:
                works = (self._read(taken), show(output), self._send_notices(), self._look_after())
                tasks = [group.create_task(work) for work in works]
                await self._over.wait()
                for task in tasks:
                    task.cancel()
            if self._ending is not None:
                # With nobody else reading, this also takes what the client still sends: a connection that is closed
                # over unread bytes is reset, and the close code lost.
                await self._ws.close(code=self._ending.code, message=self._ending.text.encode())
        finally:
            if self._cut is not None:
                self._cut.cancel()

    def end(self, ending: Ending) -> None:
        """Close the socket, and cut the connection if its client does not take the close."""
        if self._ending is None:
            self._ending = ending
            self._over.set()
            self._cut = asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self._abort)

    def notify(self, notice: AnyServerMessage) -> None:
        """Tell the viewer something beside the output; one that lets too much wait is sent away."""
        if len(self._notices) >= _MAX_NOTICES:
            self.end(Ending.ABUSE)
            return
        self._notices.append(notice)
        self._wake.set()

    async def send(self, message: AnyServerMessage) -> None:
        """Send a message in its place between the output. Raises :class:`ConnectionError`."""
        await self._ws.send_str(encode(message, max_bytes=None))

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
        self.notify(TerminalError(error=problem.message, code=problem.code))

    async def _send_notices(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._notices:
                    await self.send(self._notices.popleft())
        except ConnectionError:
            return

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _keep_unsent_small(transport: asyncio.BaseTransport | None) -> None:
    """Let the kernel take what the network takes, and little more (tcp(7), TCP_NOTSENT_LOWAT, where there is one)."""
    raw = transport.get_extra_info("socket") if transport is not None else None
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if raw is not None and option is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)

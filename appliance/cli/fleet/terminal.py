"""A session of a far device in this terminal."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from appliance.cli.fleet.prelude import Prelude
from protocol.codec import encode
from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import Problem
from protocol.terminal import (
    AnyServerMessage,
    ServerMessage,
    TerminalAck,
    TerminalEnded,
    TerminalError,
    TerminalResize,
    TerminalSnapshot,
    TerminalTakeControl,
)

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

LEAVE: Final = b"\x1d"
"""Ctrl-] leaves, as in telnet."""
_CLEAR: Final = "\x1b[0m\x1b[?1049l\x1b[2J\x1b[3J\x1b[H"
_ACK_SECONDS: Final = 0.2
_READ: Final = 4096
_SERVER: Final[TypeAdapter[AnyServerMessage]] = TypeAdapter(ServerMessage)


class Terminal:
    """One terminal socket, shown on standard output."""

    def __init__(self, socket: ClientWebSocketResponse, session_id: str) -> None:
        self._socket = socket
        self._session_id = session_id
        self._typed = 0
        self._seen: int | None = None
        self._told: int | None = None
        self._out = sys.stdout.buffer
        self._filter: Callable[[bytes], bytes] = bytes

    async def interact(self) -> int:
        """Type and look until the session ends or the person leaves; the session's exit code, or 0."""
        loop = asyncio.get_running_loop()
        keys: asyncio.Queue[bytes] = asyncio.Queue()
        with _raw():
            loop.add_reader(0, lambda: keys.put_nowait(os.read(0, _READ)))
            loop.add_signal_handler(signal.SIGWINCH, lambda: keys.put_nowait(b""))
            try:
                await self._socket.send_str(encode(TerminalTakeControl()))
                await self._resize()
                return await self._until_first(self._show(), self._type(keys), self._acknowledge())
            finally:
                loop.remove_signal_handler(signal.SIGWINCH)
                loop.remove_reader(0)
                self._write(_CLEAR.encode())

    async def run(self, command: str) -> int:
        """Run one command in place of the session's shell and print what it prints; its exit code."""
        prelude = Prelude()
        self._filter = prelude.feed
        await self._socket.send_str(encode(TerminalTakeControl()))
        await self._send(f"exec /bin/sh -c {shlex.quote(prelude.marked(command))}\r".encode())
        code = await self._until_first(self._show(snapshots=False), self._acknowledge())
        self._write(prelude.rest())
        return code

    async def _until_first(self, *works: Coroutine[None, None, int]) -> int:
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _show(self, *, snapshots: bool = True) -> int:
        async for message in self._socket:
            if isinstance(message.data, bytes):
                self._output(message.data)
            elif isinstance(message.data, str):
                ended = self._message(message.data, snapshots)
                if ended is not None:
                    return ended.exit_code or 0
        return 1

    def _output(self, data: bytes) -> None:
        try:
            frame = BinaryFrame.decode(data)
        except Problem:
            return
        self._seen = frame.seq
        self._write(self._filter(frame.payload))

    def _message(self, text: str, snapshots: bool) -> TerminalEnded | None:
        try:
            message = _SERVER.validate_json(text)
        except ValidationError:
            return None
        match message:
            case TerminalEnded():
                return message
            case TerminalSnapshot() if snapshots:
                cursor = f"\x1b[{message.cursor_y + 1};{message.cursor_x + 1}H"
                self._write((_CLEAR + message.content + cursor + message.modes).encode())
            case TerminalError():
                print(f"\r\nhutch: {message.error} ({message.code})\r", file=sys.stderr)
            case _:
                pass
        return None

    async def _type(self, keys: asyncio.Queue[bytes]) -> int:
        while True:
            data = await keys.get()
            if not data:
                await self._resize()
                continue
            before, leave, _ = data.partition(LEAVE)
            if before:
                await self._send(before)
            if leave:
                return 0

    async def _acknowledge(self) -> int:
        """Let more output come; without news nothing is said."""
        while True:
            await asyncio.sleep(_ACK_SECONDS)
            if self._seen is not None and self._seen != self._told:
                self._told = self._seen
                await self._socket.send_str(encode(TerminalAck(seq=self._seen)))

    async def _send(self, data: bytes) -> None:
        frame = BinaryFrame(FrameKind.INPUT, self._session_id, self._typed, data)
        self._typed += 1
        await self._socket.send_bytes(frame.encode())

    async def _resize(self) -> None:
        size = shutil.get_terminal_size()
        await self._socket.send_str(encode(TerminalResize(cols=size.columns, rows=size.lines)))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()


@contextmanager
def _raw() -> Iterator[None]:
    """Keys as they are typed, where standard input is a terminal."""
    if not os.isatty(0):
        yield
        return
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)

"""Agents in an account of their own: programs are started there by its broker.

One connection carries starts, signals and ends. When the broker goes away programs run on: the daemon sees their end
through the kernel, connects again by itself, and hands the new broker what it is to look after.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from signal import SIGKILL, Signals

import structlog

from gateway.programs.calls import PATIENCE, BrokerCalls, away, connect, receive, refusal
from gateway.programs.chores import Chores
from gateway.programs.line import Line
from gateway.programs.running import UNKNOWN, Running
from gateway.programs.types import User
from gateway.programs.wire import Decoder, Malformed, Message
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)

RETRY = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to reach the broker again; the last one repeats."""


class BrokerPrograms:
    """Implements :class:`gateway.programs.types.AgentsAccount`. Belongs to the running loop."""

    apart = True

    def __init__(self, path: Path, user: User) -> None:
        self._path = path
        self._user = user
        self._calls = BrokerCalls(path, user.uid)
        self._chores = Chores(self._calls)
        self._line: Line | None = None
        self._asked: dict[int, asyncio.Future[Running]] = {}
        self._programs: dict[int, Running] = {}
        self._number = 0
        self._dialling = asyncio.Lock()
        self._returning: asyncio.Task[None] | None = None
        self._open = True

    async def connect(self, seconds: float) -> None:
        """Reach the broker, which may be starting just now.

        Raises:
            Problem: ``UNAVAILABLE`` after so many seconds.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._return()
        except TimeoutError:
            raise away(self._path) from None

    async def close(self) -> None:
        """Hang up; the broker ends what was started and is still its child."""
        self._open = False
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
        if self._line is not None:
            self._line.close()
            self._line = None
        self._refuse_waiting()
        for program in self._programs.values():
            program.ended(UNKNOWN)
        self._programs.clear()
        self._calls.close()

    async def start(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Running:
        """As in the protocol."""
        await self.connect(PATIENCE)
        line = await self._connected()
        self._number += 1
        streams, descriptors = _streams(stdin, stdout, stderr)
        answer: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = answer
        message: Message = {
            "do": "start", "id": self._number, "command": list(command), "folder": str(folder),
            "environment": dict(environment), "streams": streams,
        }  # fmt: skip
        try:
            line.send(message, descriptors)
        except Malformed:
            del self._asked[self._number]
            raise Problem(ProblemCode.TOO_LARGE, "The command and its environment are longer than 1 MiB.") from None
        return await answer

    async def signal(self, pids: Iterable[int], number: Signals) -> None:
        """To each of them."""
        await asyncio.to_thread(self._chores.send_to_ids, list(pids), number)

    @property
    def home(self) -> Path:
        """The agents' home."""
        return self._user.home

    @property
    def user(self) -> User:
        """The agents' account."""
        return self._user

    @property
    def reached(self) -> bool:
        """Whether the broker has us on the line."""
        return self._line is not None

    @property
    def chores(self) -> Chores:
        """Done by the broker."""
        return self._chores

    async def _connected(self) -> Line:
        async with self._dialling:
            if self._line is not None:
                return self._line
            if not self._open:
                raise away(self._path)
            try:
                link = await _finished(partial(_greeted, self._path, self._user.uid))
            except (OSError, Malformed) as error:
                raise away(self._path) from error
            line = self._line = Line(link, self._take, self._lost)
            for number, program in self._programs.items():
                line.send({"do": "adopt", "id": number, "pid": program.pid})
            return line

    async def _return(self) -> None:
        """Try until the broker is reached."""
        tries = 0
        while self._line is None:
            try:
                await self._connected()
            except Problem:
                await asyncio.sleep(RETRY[min(tries, len(RETRY) - 1)])
                tries += 1

    def _take(self, message: Message) -> None:
        number, pid, code = message.get("id"), message.get("pid"), message.get("code")
        if type(number) is not int:
            return
        asked = self._asked.pop(number, None)
        if asked is None:
            self._ended(number, code if type(code) is int else UNKNOWN)
        elif type(pid) is int and 0 < pid < 2**31:
            program = self._programs[number] = Running(pid, partial(self._signal_group, number))
            if asked.cancelled():
                program.signal_group(SIGKILL)
            else:
                asked.set_result(program)
        elif not asked.done():
            asked.set_exception(refusal(message))

    def _lost(self) -> None:
        self._line = None
        self._refuse_waiting()
        for number, program in list(self._programs.items()):
            program.watch(partial(self._gone, number))
        if self._open and (self._returning is None or self._returning.done()):
            _log.warning("the broker of the agents' account is away", path=str(self._path))
            self._returning = asyncio.create_task(self._return(), name="agents-account")

    def _refuse_waiting(self) -> None:
        waiting, self._asked = self._asked, {}
        for asked in waiting.values():
            if not asked.done():
                asked.set_exception(away(self._path))

    def _gone(self, number: int) -> int:
        self._programs.pop(number, None)
        return UNKNOWN

    def _ended(self, number: int, code: int) -> None:
        program = self._programs.pop(number, None)
        if program is not None:
            program.ended(code)

    def _signal_group(self, number: int, sent: Signals) -> None:
        if self._line is not None:
            self._line.send({"do": "signal", "id": number, "signal": int(sent)})


async def _finished(dial: partial[socket.socket]) -> socket.socket:
    """Dial in a thread; a connection that comes to be while we are cancelled is closed."""
    dialling = asyncio.ensure_future(asyncio.to_thread(dial))
    try:
        return await asyncio.shield(dialling)
    except asyncio.CancelledError:
        await asyncio.wait([dialling])
        if dialling.exception() is None:
            dialling.result().close()
        raise


def _greeted(path: Path, uid: int) -> socket.socket:
    """A connection on which the broker has said that it listens to us. Blocks."""
    link = connect(path, uid)
    try:
        messages = receive(link, Decoder())
        if len(messages) != 1 or "hello" not in messages[0][0]:
            raise Malformed("no greeting")
    except BaseException:
        link.close()
        raise
    return link


def _streams(*streams: int) -> tuple[list[int | None], list[int]]:
    """Which of the descriptors that are sent each stream is, and those descriptors."""
    given = [stream for stream in streams if stream != subprocess.DEVNULL]
    places = iter(range(len(given)))
    return [None if stream == subprocess.DEVNULL else next(places) for stream in streams], given

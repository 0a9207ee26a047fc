"""The persistent tmux client of a session, in control mode (tmux(1), CONTROL MODE).

:class:`ControlParser` does no I/O: bytes in, answers and notices out. A program in the pane writes what it likes on its
screen, also lines that look like the end of an answer; an answer whose number of lines is known is therefore counted,
never searched for its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

from gateway.programs.types import Program
from gateway.sessions.tmux import SESSION, TIMEOUT, TmuxFailed, TmuxServer, tmux_missing

Lines = list[bytes]
CountLines = Callable[[list[Lines]], int | None]
"""Says from the answers so far how many lines the next one has; None: until tmux says it ends."""

MAX_NOTICE = 1024 * 1024
"""Bytes of one line outside of an answer."""

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer; 50,000 lines of 200 coloured columns stay below it."""


def until_end(_: list[Lines]) -> int | None:
    """For answers in which no text of the pane's program stands."""
    return None


@dataclass(frozen=True, slots=True)
class Command:
    """A tmux command and how long its answer is."""

    text: str
    lines: CountLines = until_end


@dataclass(slots=True)
class _Waiting:
    commands: Sequence[Command]
    answer: asyncio.Future[list[Lines]]
    answers: list[Lines] = field(default_factory=list)


class ControlParser:
    """Sorts what tmux writes into answers, in the order the commands were sent, and notices."""

    def __init__(self, on_notice: Callable[[bytes], None]) -> None:
        self._on_notice = on_notice
        self._waiting: deque[_Waiting] = deque()
        self._rest = b""
        self._block: Lines | None = None
        self._mine = False
        self._end = b""
        self._count: int | None = None
        self._size = 0

    def expect(self, waiting: _Waiting) -> None:
        """Note a command list that was just sent."""
        self._waiting.append(waiting)

    def feed(self, data: bytes) -> None:
        """Take what was read.

        Raises:
            TmuxFailed: an answer is longer than any can be, so the place in the stream is lost.
        """
        lines = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        self._rest = lines.pop()
        self._size += len(data)
        for line in lines:
            if self._block is None:
                self._outside(line)
            else:
                self._inside(self._block, line)
        if self._block is None:
            self._size = 0
            if len(self._rest) > MAX_NOTICE:
                raise TmuxFailed("tmux's notice is too long")
        elif self._size > MAX_ANSWER:
            raise TmuxFailed("tmux's answer is too long")

    def fail(self, error: Exception) -> None:
        """No more answers will come."""
        while self._waiting:
            _settle(self._waiting.popleft(), error)

    def _outside(self, line: bytes) -> None:
        if not line.startswith(b"%begin "):
            self._on_notice(line)
            return
        header = line[len(b"%begin ") :]
        self._block = []
        self._end = b"%end " + header
        # Flag 1 marks answers to this client's own commands (tmux 3.2 and newer); the first block has none.
        self._mine = header.endswith(b" 1") and bool(self._waiting)
        if self._mine:
            waiting = self._waiting[0]
            self._count = waiting.commands[len(waiting.answers)].lines(waiting.answers)
        else:
            self._count = None

    def _inside(self, block: Lines, line: bytes) -> None:
        if self._count is not None and len(block) < self._count:
            block.append(line)
        elif line == self._end:
            self._block = None
            self._finish(block, None)
        elif line == b"%error" + self._end[len(b"%end") :]:
            self._block = None
            self._finish(block, TmuxFailed(b" ".join(block).decode(errors="replace")))
        else:
            block.append(line)

    def _finish(self, block: Lines, error: TmuxFailed | None) -> None:
        if not self._mine:
            return
        waiting = self._waiting[0]
        waiting.answers.append(block)
        if error is not None or len(waiting.answers) == len(waiting.commands):
            self._waiting.popleft()
            _settle(waiting, error)


def _settle(waiting: _Waiting, error: Exception | None) -> None:
    if waiting.answer.done():
        return
    if error is None:
        waiting.answer.set_result(waiting.answers)
    else:
        waiting.answer.set_exception(error)


class ControlClient:
    """A connected client. When tmux goes away ``on_lost`` is called once, and every command fails."""

    def __init__(
        self,
        process: Program,
        stdin: int,
        stdout: int,
        on_notice: Callable[[bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._parser = ControlParser(self._notice)
        self._on_notice = on_notice
        self._attached: asyncio.Future[None] = self._loop.create_future()
        self._on_lost = on_lost
        self._open = True
        self._stdin = stdin
        self._stdout = stdout
        os.set_blocking(self._stdin, False)
        os.set_blocking(self._stdout, False)
        self._loop.add_reader(self._stdout, self._readable)

    @classmethod
    async def connect(
        cls, server: TmuxServer, on_notice: Callable[[bytes], None], on_lost: Callable[[], None]
    ) -> ControlClient:
        """Attach to the session of a server.

        Raises:
            TmuxFailed: there is no server, or it does not answer.
            Problem: ``UNAVAILABLE`` when the account it belongs to cannot be reached.
        """
        words = server.argv("-C", "attach-session", "-f", "no-output", "-t", SESSION)
        client = cls(*await _started(server, words), on_notice, on_lost)
        try:
            async with asyncio.timeout(TIMEOUT):
                await client._attached
        except TimeoutError as error:
            await client.close()
            raise TmuxFailed("tmux does not answer") from error
        except BaseException:
            await client.close()
            raise
        return client

    async def run(self, *commands: Command) -> list[Lines]:
        """Run a list of commands as one, with nothing in between; answers are their lines, one list per command.

        Raises:
            TmuxFailed: one of them failed (the rest was not run), tmux is gone, or does not answer.
        """
        return await self.send(*commands)

    def send(self, *commands: Command) -> Awaitable[list[Lines]]:
        """As :meth:`run`, but tmux has the commands when this returns, even if this process ends right after.

        Raises:
            TmuxFailed: tmux is gone or does not take them.
        """
        if not self._open:
            raise TmuxFailed("the tmux client is gone")
        waiting = _Waiting(commands, self._loop.create_future())
        line = " ; ".join(command.text for command in commands).encode() + b"\n"
        self._parser.expect(waiting)
        try:
            os.write(self._stdin, line)  # lists are short: a pipe takes up to PIPE_BUF at once or not at all
        except OSError as error:
            waiting.answer.cancel()
            self._lose()
            raise TmuxFailed("tmux does not answer") from error
        return self._answer(waiting.answer)

    async def _answer(self, answer: asyncio.Future[list[Lines]]) -> list[Lines]:
        try:
            async with asyncio.timeout(TIMEOUT):
                return await answer
        except TimeoutError as error:
            self._lose()
            raise TmuxFailed("tmux does not answer") from error

    async def close(self) -> None:
        """Leave the session; the server lives on."""
        self._on_lost = _nothing
        self._lose()
        try:
            async with asyncio.timeout(1):
                await self._process.wait()
        except TimeoutError:
            self._process.signal_group(SIGKILL)

    def _notice(self, line: bytes) -> None:
        # Commands that mean "this client" work once it has a session.
        if line.startswith(b"%session-changed ") and not self._attached.done():
            self._attached.set_result(None)
        self._on_notice(line)

    def _readable(self) -> None:
        try:
            data = os.read(self._stdout, 256 * 1024)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            if data:
                self._parser.feed(data)
        except (TmuxFailed, ValueError, IndexError):
            data = b""  # tmux belongs to agents: it may say anything
        if not data:
            self._lose()

    def _lose(self) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._stdout)
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                os.close(pipe)
        gone = TmuxFailed("the tmux client is gone")
        self._parser.fail(gone)
        if not self._attached.done():
            self._attached.set_exception(gone)
            self._attached.exception()  # nobody may be waiting
        self._on_lost()


def _nothing() -> None:
    return None


async def _started(server: TmuxServer, words: list[str]) -> tuple[Program, int, int]:
    """The client's program, and our ends of its standard input and output."""
    its_input, stdin = os.pipe()
    stdout, its_output = os.pipe()
    try:
        process = await server.account.start(
            words,
            folder=Path("/"),
            environment=server.environment(),
            stdin=its_input,
            stdout=its_output,
            stderr=subprocess.DEVNULL,
        )
    except BaseException as error:
        os.close(stdin)
        os.close(stdout)
        if isinstance(error, FileNotFoundError):
            raise tmux_missing() from error
        raise
    finally:
        os.close(its_input)
        os.close(its_output)
    return process, stdin, stdout

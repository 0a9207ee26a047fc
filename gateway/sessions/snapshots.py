"""Exact snapshots: a screen and the number of the first frame that comes after it, with no gap and no doubled byte.

tmux writes a byte to the pipe when it has put it on its screen, so a capture is exact where the pipe stood still
around it: (1) empty the pipe and note how many bytes came so far, (2) capture, (3) wait for one more answer of tmux, by
when it has written to the pipe all it had put on the screen before the capture, (4) empty the pipe again. When nothing
came in between, the capture is the screen after exactly those bytes. While output never pauses, the terminal is stopped
for the few milliseconds this takes.
"""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gateway.sessions.control_client import Command, ControlClient
from gateway.sessions.modes import ModeTracker
from gateway.sessions.output import MAX_PENDING, OutputPump
from gateway.sessions.ring import Ring
from gateway.sessions.screen import Captured, capture_commands, parse
from gateway.sessions.tmux import TmuxFailed
from gateway.sessions.types import Snapshot
from gateway.sessions.viewer import Viewer

TRIES_RUNNING = 4
TRIES_STOPPED = 50
APART = 0.1
"""Seconds between two snapshots of a flooding session at least; requests in between share the next one."""

CALM = 64 * 1024
"""Bytes since the last snapshot up to which the next one need not wait."""

MAX_SCROLLBACK = 50_000
MAX_CONTENT = 8 * 1024 * 1024
"""Characters of a snapshot; history beyond it is left out, the oldest first."""

_BARRIER = Command("display-message -p ok", lambda _: 1)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the pieces of a snapshot come from, as long as this tmux connection lasts."""

    session_id: str
    client: ControlClient
    pump: OutputPump
    ring: Ring
    modes: ModeTracker
    tty: str
    size: Callable[[], tuple[int, int]]
    """Columns and rows that viewers were told last."""


Deliver = Callable[[Snapshot, bytes], None]
"""Called at the very place in the stream: the next frame is the snapshot's ``seq``; the bytes come before it."""


async def take(source: Source, scrollback: int, deliver: Deliver) -> None:
    """Capture, in step with the ring.

    Raises:
        TmuxFailed: tmux is gone or does not answer.
    """
    scrollback = max(0, min(scrollback, MAX_SCROLLBACK))
    for _ in range(TRIES_RUNNING):
        if await _try(source, scrollback, deliver):
            return
    async with _stopped(source.tty):
        for _ in range(TRIES_STOPPED):
            if await _try(source, scrollback, deliver):
                return
    raise TmuxFailed("the output does not pause long enough for a snapshot")


async def _try(source: Source, scrollback: int, deliver: Deliver) -> bool:
    if not source.pump.drain():
        return False
    before = source.pump.total
    answers = await source.client.run(*capture_commands(scrollback))
    await source.client.run(_BARRIER)
    source.pump.drain()
    captured = parse(answers)
    if source.pump.total != before or (captured.cols, captured.rows) != source.size():
        return False
    pending = captured.pending or source.modes.partial_character()
    deliver(_snapshot(source, captured), pending if len(pending) <= MAX_PENDING else b"")
    return True


def _snapshot(source: Source, captured: Captured) -> Snapshot:
    captured = _bounded(captured)
    return Snapshot(
        session_id=source.session_id,
        seq=source.ring.next,
        content=captured.content(),
        cols=captured.cols,
        rows=captured.rows,
        cursor_x=captured.state["cursor_x"],
        cursor_y=captured.state["cursor_y"],
        cursor_visible=bool(captured.state["cursor_flag"]),
        alternate_on=captured.alternate_on,
        scrollback=len(captured.history),
        modes=captured.modes(source.modes.sequences()),
        title=captured.title,
        under=captured.under(),
    )


def _bounded(captured: Captured) -> Captured:
    history = captured.history
    size = sum(map(len, history))
    drop = 0
    while size > MAX_CONTENT:
        size -= len(history[drop])
        drop += 1
    del history[:drop]
    return captured


@asynccontextmanager
async def _stopped(tty: str) -> AsyncIterator[None]:
    """Hold the pane's output back in the kernel, as Ctrl-S does; where the terminal may not be opened, do nothing."""
    try:
        await asyncio.to_thread(flow, tty, termios.TCOOFF)
        yield
    finally:
        await asyncio.shield(asyncio.to_thread(flow, tty, termios.TCOON))


def flow(tty: str, action: int) -> None:
    """Stop or start a terminal's output (tcflow(3)); a terminal that is gone or not ours is left alone."""
    try:
        terminal = os.open(tty, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        termios.tcflow(terminal, action)
    except termios.error:
        return
    finally:
        os.close(terminal)


class Snapshots:
    """Serves all viewers of one session that want a snapshot, with one capture for those that want the same."""

    def __init__(self, source: Callable[[], Source | None], viewers: Callable[[], Iterable[Viewer]]) -> None:
        self._source = source
        self._viewers = viewers
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._last = -APART
        self._last_total = 0
        self._waiting: dict[int, asyncio.Future[Snapshot]] = {}

    def request(self) -> None:
        """A viewer wants a snapshot; it comes through :meth:`Viewer.show`."""
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="terminal-snapshots")

    async def one(self, scrollback: int) -> Snapshot:
        """A snapshot for somebody who does not go on with frames.

        Raises:
            TmuxFailed: tmux is gone or does not answer.
        """
        waiting = self._waiting.get(scrollback)
        if waiting is None:
            waiting = self._waiting[scrollback] = asyncio.get_running_loop().create_future()
            self.request()
        return await asyncio.shield(waiting)

    async def final(self) -> Snapshot | None:
        """The last screen; None where it can no longer be had."""
        source = self._source()
        if source is None:
            return None
        taken: list[Snapshot] = []
        try:
            async with self._lock:
                await take(source, 0, lambda snapshot, _: taken.append(snapshot))
        except TmuxFailed:
            return None
        return taken[0]

    async def close(self) -> None:
        """Serve nobody any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._fail(TmuxFailed("the session is over"))

    async def _serve(self) -> None:
        try:
            while (scrollback := self._wanted()) is not None:
                source = self._source()
                if source is None:
                    return  # whoever reconnects asks again
                await self._wait(source)
                async with self._lock:
                    await take(source, scrollback, partial(self._hand_out, scrollback))
                self._last = asyncio.get_running_loop().time()
                self._last_total = source.pump.total
        except TmuxFailed as error:
            self._fail(error)
        finally:
            self._task = None

    async def _wait(self, source: Source) -> None:
        left = self._last + APART - asyncio.get_running_loop().time()
        if left > 0 and source.pump.total - self._last_total > CALM:
            await asyncio.sleep(left)

    def _wanted(self) -> int | None:
        wanted = [viewer.scrollback for viewer in self._viewers() if viewer.wants_snapshot]
        return next(iter([*wanted, *self._waiting]), None)

    def _hand_out(self, scrollback: int, snapshot: Snapshot, pending: bytes) -> None:
        for viewer in self._viewers():
            if viewer.wants_snapshot and viewer.scrollback == scrollback:
                viewer.show(snapshot, pending)
        waiting = self._waiting.pop(scrollback, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(snapshot)

    def _fail(self, error: TmuxFailed) -> None:
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be left to read it

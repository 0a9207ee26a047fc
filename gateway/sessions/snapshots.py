"""Exact snapshots: a screen and the number of the first frame that comes after it, with no gap and no doubled byte.

tmux writes a byte to the pipe when it has put it on its screen, so a capture is exact where the pipe stood still
around it: (1) empty the pipe and note how many bytes came so far, (2) capture, (3) wait for one more answer of tmux, by
when it has written to the pipe all it had put on the screen before the capture, (4) empty the pipe again. When nothing
came in between, the capture is the screen after exactly those bytes. While output never pauses, the terminal is made
to wait for the few milliseconds this takes (pause.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from gateway.programs.chores import Chores
from gateway.sessions.connection import PaneFacts
from gateway.sessions.control_client import Command, ControlClient, Lines
from gateway.sessions.modes import ModeTracker
from gateway.sessions.output import OutputPump
from gateway.sessions.pause import paused
from gateway.sessions.ring import Ring
from gateway.sessions.screen import Captured, capture_commands, parse
from gateway.sessions.tmux import TmuxFailed
from gateway.sessions.types import MAX_PENDING, Snapshot, is_size
from gateway.sessions.viewer import Viewer

TRIES_RUNNING = 4
TRIES_PAUSED = 20
REPAIR_AFTER = 0.5
"""Seconds after which a snapshot that was not exact is followed by another one."""

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
    chores: Chores
    client: ControlClient
    pump: OutputPump
    ring: Ring
    modes: ModeTracker
    pane: PaneFacts
    size: Callable[[], tuple[int, int]]
    """Columns and rows that viewers were told last."""


Deliver = Callable[[Snapshot, bytes], None]
"""Called at the very place in the stream: the next frame is the snapshot's ``seq``; the bytes come before it."""


async def take(source: Source, scrollback: int, deliver: Deliver) -> bool:
    """Capture, in step with the ring.

    False: the output could not be made to pause, so a few bytes next to the snapshot may be doubled or missing.

    Raises:
        TmuxFailed: tmux is gone or does not answer.
    """
    scrollback = max(0, min(scrollback, MAX_SCROLLBACK))
    for _ in range(TRIES_RUNNING):
        if await _try(source, scrollback, deliver):
            return True
    async with paused(source.chores, source.pane.tty, source.pane.server_pid):
        for _ in range(TRIES_PAUSED):
            if await _try(source, scrollback, deliver):
                return True
    return await _try(source, scrollback, deliver, exact=False)


async def _try(source: Source, scrollback: int, deliver: Deliver, *, exact: bool = True) -> bool:
    source.pump.drain()
    before = source.pump.total
    answers = await source.client.run(*capture_commands(scrollback))
    await source.client.run(_BARRIER)
    await source.client.run(_BARRIER)
    source.pump.drain()
    captured = _understood(answers)
    right = source.pump.total == before and (captured.cols, captured.rows) == source.size()
    if right or not exact:
        deliver(*_snapshot(source, captured))
    return right


def _understood(answers: Sequence[Lines]) -> Captured:
    try:
        captured = parse(answers)
    except (ValueError, IndexError):
        raise TmuxFailed("tmux answers what it should not") from None
    if not is_size(captured.cols, captured.rows):
        raise TmuxFailed(f"tmux shows a screen of {captured.cols} by {captured.rows}")
    return captured


def _snapshot(source: Source, captured: Captured) -> tuple[Snapshot, bytes]:
    captured = _bounded(captured)
    pending = captured.pending or source.modes.partial_character()
    snapshot = Snapshot(
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
    return snapshot, pending if len(pending) <= MAX_PENDING else b""


def _bounded(captured: Captured) -> Captured:
    history = captured.history
    size = sum(map(len, history))
    drop = 0
    while size > MAX_CONTENT:
        size -= len(history[drop])
        drop += 1
    del history[:drop]
    return captured


class Snapshots:
    """Serves all viewers of one session that want a snapshot, with one capture for those that want the same."""

    def __init__(self, source: Callable[[], Source | None], viewers: Callable[[], Iterable[Viewer]]) -> None:
        self._source = source
        self._viewers = viewers
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._last = -APART
        self._last_total = 0
        self._repair: asyncio.TimerHandle | None = None
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
        if self._repair is not None:
            self._repair.cancel()
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
                    exact = await take(source, scrollback, partial(self._hand_out, scrollback))
                if not exact and self._repair is None:
                    self._repair = asyncio.get_running_loop().call_later(REPAIR_AFTER, self._ask_again)
                self._last = asyncio.get_running_loop().time()
                self._last_total = source.pump.total
        except TmuxFailed as error:
            self._fail(error)
            if self._repair is None:  # viewers still wait; a lost connection asks again by itself
                self._repair = asyncio.get_running_loop().call_later(REPAIR_AFTER, self._try_again)
        finally:
            self._task = None

    def _ask_again(self) -> None:
        self._repair = None
        for viewer in self._viewers():
            viewer.refresh()

    def _try_again(self) -> None:
        self._repair = None
        if self._source() is not None:
            self.request()

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

"""One live session: its terminal, its viewers, and how it comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway.agents.hooks import Heard, HookChannel
from gateway.agents.registry import ways_of
from gateway.sessions.activity import Activity
from gateway.sessions.audience import Audience
from gateway.sessions.connection import Connection, Listener, PaneFacts, facts
from gateway.sessions.control import Control
from gateway.sessions.control_client import Command, ControlClient
from gateway.sessions.ending import Outcome, force, kill_server, read_outcome, stop_program
from gateway.sessions.launch import check_size
from gateway.sessions.modes import ModeTracker
from gateway.sessions.processes import hooks_of
from gateway.sessions.records import SessionRecord
from gateway.sessions.ring import Ring
from gateway.sessions.saved_modes import SavedModes
from gateway.sessions.snapshots import Snapshots, Source
from gateway.sessions.tmux import TmuxFailed, TmuxServer
from gateway.sessions.types import Ended, SessionInfo, SessionStatus, Snapshot
from gateway.sessions.viewer import Viewer
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)

RECONNECT_TRIES = 3


@dataclass(frozen=True, slots=True)
class Watcher:
    """What a session tells its keeper."""

    changed: Callable[[Session], None]
    ended: Callable[[Session], Awaitable[None]]
    control: Callable[[Session, str | None], None]


class Session:
    """A session with a living tmux server; after :attr:`outcome` is set only its last screen is left."""

    def __init__(self, record: SessionRecord, server: TmuxServer, ring_bytes: int, watcher: Watcher) -> None:
        self._loop = asyncio.get_running_loop()
        self.record = record
        self.server = server
        self.title = ""
        self.size = (record.cols, record.rows)
        self.outcome: Outcome | None = None
        self.control = Control(lambda holder: watcher.control(self, holder))
        self.over = asyncio.Event()
        """Set when the end is recorded and nothing of the session runs any more."""
        self.final: Snapshot | None = None
        """The last screen of a session that is over, where it could be had."""
        self._watcher = watcher
        self._activity = Activity(self._changed, ways_of(record.agent))
        self._hooks = HookChannel(hooks_of(server.socket), self._heard)
        self._ring = Ring(record.generation << 32, ring_bytes)
        self._modes = ModeTracker(self._activity.mark, self._activity.bell)
        self._saved_modes = SavedModes(self._modes, self._client)
        self._audience = Audience(self._ring)
        self._snapshots = Snapshots(self._source, lambda: self._audience.viewers)
        self._connection: Connection | None = None
        self._pane: PaneFacts | None = None
        self._pidfd: int | None = None
        self._output_before = 0
        self._asked = False
        self._closed = False
        self._recovery: asyncio.Task[None] | None = None
        self._finish: asyncio.Task[None] | None = None

    async def open(self, pane: PaneFacts) -> None:
        """Take hold of the server.

        Raises:
            TmuxFailed: it is not there or does not answer.
        """
        self._modes.restore(pane.modes)
        if self.record.agent is not None:
            try:
                await self._hooks.open()
            except OSError as error:
                # Its status then comes from its title and its silence.
                _log.warning("a session's hooks are not heard", session=self.record.id, error=str(error))
        await self._connect(pane)
        if pane.dead:
            self._begin_finish()
        else:
            self._watch(pane.pane_pid)
            self._activity.began()

    async def close(self) -> None:
        """Let go; the session lives on, unless it is just ending, which is then seen through."""
        self._closed = True
        await self._recovered()
        if self._finish is not None:
            await self._finish
        await self._let_go()
        self._audience.stop()

    def info(self) -> SessionInfo:
        """The session as it stands."""
        record, outcome = self.record, self.outcome
        return SessionInfo(
            id=record.id, name=record.name, agent=record.agent, workdir=Path(record.workdir), status=self.status,
            title=self.title, cols=self.size[0], rows=self.size[1], created_at=record.created_at,
            last_activity_at=datetime.now(UTC) - timedelta(seconds=self._activity.age()),
            returns=record.returns, pid=self._pane.pane_pid if self._pane and outcome is None else None,
            exit_code=outcome.exit_code if outcome else None, viewers=len(self._audience),
            problem=outcome.problem if outcome else None, output_bytes=self._output_bytes(),
            waiting_for=self._activity.waiting_for if outcome is None else None,
        )  # fmt: skip

    @property
    def status(self) -> SessionStatus:
        """What the session is doing."""
        if self.outcome is None:
            return self._activity.status
        failed = self.outcome.problem is not None
        return SessionStatus.FAILED if failed else SessionStatus.ENDED

    def input(self, data: bytes) -> None:
        """Type bytes.

        Raises:
            Problem: ``SESSION_ENDED``, ``TOO_LARGE``, ``UNAVAILABLE``.
        """
        connection = self._live()
        connection.input.write(data)
        connection.pump.hurry()
        self._activity.typed(data)

    async def resize(self, cols: int, rows: int) -> None:
        """Give the terminal another size; a real terminal that joined over ssh has the last word while it is there.

        Raises:
            Problem: ``INVALID_REQUEST``, ``SESSION_ENDED``, ``UNAVAILABLE``.
        """
        check_size(cols, rows)
        try:
            await self._live().client.run(Command(f"refresh-client -C {cols}x{rows}"))
        except TmuxFailed as error:
            raise unavailable() from error
        self.record = replace(self.record, cols=cols, rows=rows)

    async def snapshot(self, scrollback: int) -> Snapshot:
        """The screen now, or the last one of a session that is over.

        Raises:
            Problem: ``SESSION_ENDED`` where nothing is left to show, ``UNAVAILABLE``.
        """
        if self.final is not None:
            return self.final
        self._live()
        try:
            return await self._snapshots.one(scrollback)
        except TmuxFailed as error:
            raise unavailable() from error

    @asynccontextmanager
    async def attach(self, viewer_id: str, name: str, scrollback: int) -> AsyncIterator[Viewer]:
        """Look at the session; viewers that have the context open are counted and may take control."""
        viewer = Viewer(viewer_id, name, self._ring, self._snapshots, scrollback)
        self._audience.add(viewer)
        if self.outcome is not None:
            viewer.end(Ended(self.outcome.exit_code), self.final)
        else:
            self._watched()
            self._snapshots.request()
        try:
            yield viewer
        finally:
            self._audience.remove(viewer)
            self._watched()
            self.control.release(viewer.id)

    async def end(self) -> None:
        """Stop the program, first politely, then by force, and wait until nothing of it is left."""
        self._asked = True
        pane = self._pane
        if self.outcome is None and pane is not None and self._finish is None:
            await stop_program(self.server.account.chores, pane.pane_pid, self.server.socket)
            self._begin_finish()
        await self.over.wait()

    def rename(self, name: str) -> None:
        """Give it another name."""
        self.record = replace(self.record, name=name)
        self._changed()

    def _live(self) -> Connection:
        if self.outcome is not None:
            raise Problem(ProblemCode.SESSION_ENDED, "The session is over; start a new one.")
        if self._connection is None:
            raise unavailable()
        return self._connection

    async def _connect(self, pane: PaneFacts) -> None:
        listener = Listener(self._frames, self._lost, self._sized, self._titled)
        self._pane = pane
        self._connection = await Connection.open(self.server, pane, self._ring, self._modes, listener)
        self._sized(pane.cols, pane.rows)
        self._watched()
        if self._audience.wants_snapshot:
            self._snapshots.request()

    def _watch(self, pid: int) -> None:
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._begin_finish()
            return
        self._loop.add_reader(self._pidfd, self._begin_finish)

    def _unwatch(self) -> None:
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _source(self) -> Source | None:
        connection = self._connection
        if connection is None:
            return None
        return Source(
            self.record.id, self.server.account.chores, connection.client, connection.pump, self._ring, self._modes,
            connection.pane, lambda: self.size,
        )  # fmt: skip

    def _client(self) -> ControlClient | None:
        return self._connection.client if self._connection else None

    def _frames(self) -> None:
        self._activity.output()
        # First of all, so that the next daemon knows every mode that a viewer has seen.
        self._saved_modes.printed()
        self._audience.printed()

    def _watched(self) -> None:
        if self._connection is not None:
            self._connection.pump.watched = len(self._audience) > 0

    def _output_bytes(self) -> int:
        return self._output_before + (self._connection.pump.total if self._connection else 0)

    def _sized(self, cols: int, rows: int) -> None:
        if (cols, rows) == self.size:
            return
        self.size = (cols, rows)
        self._audience.resized(cols, rows)
        self._changed()

    def _titled(self, title: str) -> None:
        title = "" if title == os.uname().nodename else title
        if title != self.title:
            self.title = title
            self._activity.titled(title)
            self._changed()

    def _heard(self, heard: Heard) -> None:
        if heard.cli == self.record.agent:
            self._activity.heard(heard.event, heard.data)

    def _changed(self) -> None:
        if self.outcome is None:
            self._watcher.changed(self)

    def _lost(self) -> None:
        """The control client or the pipe is gone: either tmux died, or somebody detached us."""
        if self._finish is None and self._recovery is None and not self._closed and self._connection is not None:
            self._recovery = asyncio.create_task(self._recover(), name="terminal-recovery")

    async def _recover(self) -> None:
        try:
            for _ in range(RECONNECT_TRIES):
                if self._finish is not None or self._closed:
                    return
                await self._let_go()
                with contextlib.suppress(TmuxFailed, Problem):
                    await self._connect(await facts(self.server))
                    return
            self._begin_finish()
        finally:
            self._recovery = None

    async def _recovered(self) -> None:
        """Wait for a recovery to come out: cut in the middle it would leave a client or a pipe that nobody ends."""
        if self._recovery is not None:
            await asyncio.wait([self._recovery])

    async def _let_go(self) -> None:
        self._saved_modes.stop()
        if self._closed or self.outcome is not None:
            self._unwatch()
            self._activity.close()
            await self._hooks.close(remove=self.outcome is not None)
            await self._snapshots.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
            self._output_before += connection.pump.total
        await self._saved_modes.settle()

    def _begin_finish(self) -> None:
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
        if self._finish is None:
            self._finish = asyncio.create_task(self._end_of_program(), name="terminal-end")

    async def _end_of_program(self) -> None:
        await self._recovered()
        pane = self._pane
        assert pane is not None  # noqa: S101 - a session that ends was opened
        outcome = await read_outcome(self.server, pane, asked=self._asked, agent=self.record.agent)
        self.final = await self._snapshots.final()
        if self._connection is not None:
            self._connection.pump.drain()
        self.outcome = outcome
        self._audience.end(Ended(outcome.exit_code), self.final)
        await self._let_go()
        try:
            await kill_server(self.server, pane)
            if outcome.lost:
                await force(self.server.account.chores, pane.pane_pid, self.server.socket)
        except Problem as problem:  # the next daemon finds what is left of it by its socket
            _log.warning("what is left of a session could not be ended", session=self.record.id, reason=str(problem))
        self.record = replace(self.record, ended_at=datetime.now(UTC), exit_code=outcome.exit_code)
        await self._watcher.ended(self)
        self.over.set()


def unavailable() -> Problem:
    """What callers get while tmux does not answer."""
    return Problem(ProblemCode.UNAVAILABLE, "The terminal does not answer just now; try again in a moment.")

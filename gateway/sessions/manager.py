"""All sessions of a device. This is the only module of the package the rest of Hutch calls, beside its types."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from gateway.agents.commands import AgentCommands
from gateway.events.types import SessionChanged, SessionControl, SessionEnded, SessionStarted
from gateway.programs.own import OwnPrograms
from gateway.programs.types import AgentsAccount
from gateway.sessions.adoption import adopt, boot_id, sockets
from gateway.sessions.config import SessionsConfig
from gateway.sessions.connection import PaneFacts, facts
from gateway.sessions.control import Control
from gateway.sessions.launch import EnvironmentFiles, Launch, check_spec, checked_name, new_id, prepare
from gateway.sessions.past import Past, info_of
from gateway.sessions.processes import marks
from gateway.sessions.records import EventSink, SessionRecord, SessionRecordStore
from gateway.sessions.session import Session, Watcher
from gateway.sessions.tmux import MAX_SOCKET_PATH, TmuxFailed, TmuxServer, configuration
from gateway.sessions.types import SessionInfo, SessionSpec, Snapshot
from gateway.sessions.viewer import Viewer
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)

MAX_WORKDIR = 4096
"""Characters of a folder that tmux names."""


class Sessions:
    """Creates, finds, shows and ends sessions. Every refusal is a :class:`Problem`."""

    def __init__(
        self,
        config: SessionsConfig,
        records: SessionRecordStore,
        bus: EventSink,
        agents: AgentCommands,
        boot: str | None = None,
        *,
        account: AgentsAccount | None = None,
    ) -> None:
        """``boot`` stands for the kernel's boot id; None reads the real one at :meth:`start`.

        ``account`` is the one that sessions run in; None is the daemon's own.
        """
        self._account = account or OwnPrograms()
        self._config = config
        self._records = records
        self._bus = bus
        self._agents = agents
        self._boot = boot or ""
        self._live: dict[str, Session] = {}
        self._starting: dict[str, str] = {}
        self._past = Past()
        self._environments = EnvironmentFiles(config.state_dir)
        self._watcher = Watcher(self._changed, self._ended, self._control_changed)

    async def start(self) -> None:
        """Adopt living sessions, and start those again that return after a reboot."""
        found = await asyncio.to_thread(self._prepare_and_find)
        records = {record.id: record for record in await self._records.all()}
        await asyncio.gather(*(self._adopt(path, records.get(path.stem)) for path in found))
        for record in sorted(records.values(), key=lambda known: known.ended_at or known.created_at):
            if record.ended_at is not None:
                await self._remember(info_of(record), None)
            elif record.id not in self._live and self._past.get(record.id) is None:
                await self._bring_back(record)

    async def close(self) -> None:
        """Let go of every session; they live on."""
        await asyncio.gather(*(session.close() for session in list(self._live.values())))

    async def create(self, spec: SessionSpec) -> SessionInfo:
        """Start a session.

        Raises:
            Problem: ``INVALID_REQUEST``, ``CONFLICT``, ``NAME_TAKEN``, ``TOO_MANY``, ``WORKDIR_MISSING``,
                ``AGENT_MISSING``, ``TMUX_MISSING``, ``SESSION_FAILED``.
        """
        check_spec(spec)
        session_id = spec.session_id or new_id()
        name = checked_name(spec.name)
        self._refuse_taken(session_id, name)
        self._starting[session_id] = name
        try:
            launch = await self._prepare(spec, session_id)
            record = SessionRecord(
                id=session_id, name=name, agent=spec.agent, workdir=str(launch.workdir), returns=spec.returns,
                created_at=datetime.now(UTC), ended_at=None, exit_code=None, cols=spec.cols, rows=spec.rows,
                generation=0, boot_id=self._boot,
            )  # fmt: skip
            await asyncio.to_thread(self._environments.write, session_id, spec.env)
            return await self._launch(record, launch, returned=False)
        finally:
            del self._starting[session_id]

    def list(self) -> list[SessionInfo]:
        """Every session, living ones first, each group the oldest first."""
        living = sorted((session.info() for session in self._live.values()), key=lambda info: info.created_at)
        return living + self._past.all()

    def get(self, session_id: str) -> SessionInfo:
        """One session.

        Raises:
            Problem: ``NOT_FOUND``.
        """
        session = self._live.get(session_id)
        info = session.info() if session is not None else self._past.get(session_id)
        if info is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such session; look at the list for those there are.")
        return info

    async def input(self, session_id: str, data: bytes) -> None:
        """Type bytes into a session; any bytes, in order.

        Raises:
            Problem: ``NOT_FOUND``, ``SESSION_ENDED``, ``TOO_LARGE``, ``UNAVAILABLE``.
        """
        self._session(session_id).input(data)

    async def resize(self, session_id: str, cols: int, rows: int) -> None:
        """Give a session's terminal another size.

        Raises:
            Problem: ``NOT_FOUND``, ``SESSION_ENDED``, ``INVALID_REQUEST``, ``UNAVAILABLE``.
        """
        session = self._session(session_id)
        await session.resize(cols, rows)
        await self._records.save(session.record)

    async def end(self, session_id: str) -> int | None:
        """End a session and answer its exit code; 128 and the signal's number where a signal ended it.

        Raises:
            Problem: ``NOT_FOUND``.
        """
        session = self._live.get(session_id)
        if session is not None:
            await session.end()
        return self.get(session_id).exit_code

    async def remove(self, session_id: str) -> None:
        """Forget an ended session.

        Raises:
            Problem: ``NOT_FOUND``, ``CONFLICT`` while it lives.
        """
        if session_id in self._live:
            raise Problem(ProblemCode.CONFLICT, "The session still runs; end it first.")
        self.get(session_id)
        self._past.forget(session_id)
        await self._records.delete(session_id)

    async def update(self, session_id: str, *, name: str | None = None, returns: bool | None = None) -> SessionInfo:
        """Rename a session, or decide anew whether it returns after a reboot.

        Raises:
            Problem: ``NOT_FOUND``, ``SESSION_ENDED``, ``INVALID_REQUEST``, ``NAME_TAKEN``.
        """
        session = self._session(session_id)
        if name is not None and checked_name(name) != session.record.name:
            self._refuse_name(checked_name(name))
            session.rename(checked_name(name))
        if returns is not None:
            session.record = replace(session.record, returns=returns)
        await self._records.save(session.record)
        return session.info()

    async def snapshot(self, session_id: str, scrollback: int = 0) -> Snapshot:
        """The screen now, with lines of history on request; the last screen of an ended session.

        Raises:
            Problem: ``NOT_FOUND``, ``SESSION_ENDED`` where no screen is known any more, ``UNAVAILABLE``.
        """
        screen = self._past.screen(session_id)
        return screen if screen is not None else await self._session(session_id).snapshot(scrollback)

    @asynccontextmanager
    async def attach(self, session_id: str, *, name: str, scrollback: int = 0) -> AsyncIterator[Viewer]:
        """Look at a session for as long as the context is open.

        Raises:
            Problem: ``NOT_FOUND``.
        """
        viewer_id = secrets.token_hex(8)
        session = self._live.get(session_id)
        if session is None:
            self.get(session_id)
            yield self._past.viewer(session_id, viewer_id, name)
            return
        async with session.attach(viewer_id, name, scrollback) as viewer:
            yield viewer

    def control(self, session_id: str) -> Control:
        """Who may type into a session.

        Raises:
            Problem: ``NOT_FOUND``, ``SESSION_ENDED``.
        """
        return self._session(session_id).control

    def socket(self, session_id: str) -> Path:
        """The tmux socket of a living session, for ``tmux -S SOCKET attach``.

        Raises:
            Problem: ``NOT_FOUND``, ``SESSION_ENDED``.
        """
        return self._session(session_id).server.socket

    def _session(self, session_id: str) -> Session:
        session = self._live.get(session_id)
        if session is None:
            self.get(session_id)
            raise Problem(ProblemCode.SESSION_ENDED, "The session is over; start a new one.")
        return session

    def _refuse_taken(self, session_id: str, name: str) -> None:
        if session_id in self._live or session_id in self._starting or self._past.get(session_id) is not None:
            raise Problem(ProblemCode.CONFLICT, f"There is a session with the id {session_id}; choose another id.")
        self._refuse_name(name)
        if len(self._live) + len(self._starting) >= self._config.max_sessions:
            raise Problem(
                ProblemCode.TOO_MANY, f"{self._config.max_sessions} sessions run already; end one first.",
                {"limit": self._config.max_sessions},
            )  # fmt: skip
        if len(bytes(self._server(session_id).socket)) > MAX_SOCKET_PATH:
            raise Problem(ProblemCode.INVALID_REQUEST, "The session's id is too long for this device's folder.")

    def _refuse_name(self, name: str) -> None:
        taken = {session.record.name for session in self._live.values()} | set(self._starting.values())
        if name in taken:
            raise Problem(ProblemCode.NAME_TAKEN, f"A session called {name} runs already; choose another name.")

    async def _prepare(self, spec: SessionSpec, session_id: str) -> Launch:
        config = self._config
        marked = marks(session_id, self._server(session_id).socket)
        return await asyncio.to_thread(
            prepare, spec, marked, self._agents, config.workspace_root, config.shell, account=self._account
        )

    async def _launch(self, record: SessionRecord, launch: Launch, *, returned: bool) -> SessionInfo:
        server = self._server(record.id)
        try:
            size = (record.cols, record.rows)
            await server.start(self._tmux_conf, launch.command, launch.workdir, launch.env, size)
            session = await self._take_hold(record, server, await facts(server))
        except BaseException as error:
            with contextlib.suppress(TmuxFailed, Problem):
                await server.run("kill-server")
            await asyncio.to_thread(self._environments.remove, record.id)
            if isinstance(error, TmuxFailed):
                raise Problem(ProblemCode.SESSION_FAILED, f"The terminal did not start: {error}.") from error
            raise
        info = session.info()
        self._bus.publish(SessionStarted(session_id=info.id, name=info.name, agent=info.agent, returned=returned))
        return info

    async def _take_hold(self, record: SessionRecord, server: TmuxServer, pane: PaneFacts) -> Session:
        session = Session(record, server, self._config.ring_bytes, self._watcher)
        await self._records.save(record)
        self._live[record.id] = session
        try:
            await session.open(pane)
        except BaseException:
            del self._live[record.id]
            await session.close()
            raise
        return session

    async def _adopt(self, path: Path, record: SessionRecord | None) -> None:
        server = self._server(path.stem)
        try:
            pane = await adopt(server, record.generation if record else 0)
            known = record or await self._unknown(server, path.stem)
            known = replace(known, generation=pane.generation, ended_at=None, cols=pane.cols, rows=pane.rows)
            await self._take_hold(known, server, pane)
        except TmuxFailed as error:
            _log.warning("session is gone", session=path.stem, reason=str(error))
            await asyncio.to_thread(self._account.chores.remove, path)
            return
        except Problem as problem:
            _log.warning("session cannot be reached", session=path.stem, reason=str(problem))
            return
        self._bus.publish(SessionStarted(session_id=known.id, name=known.name, agent=known.agent, returned=True))

    async def _unknown(self, server: TmuxServer, session_id: str) -> SessionRecord:
        """A record for a living session the store has lost."""
        answer = await server.run("display-message", "-p", "-t", "%0", "#{pane_current_path}")
        workdir = answer.rstrip("\n")[:MAX_WORKDIR]
        return SessionRecord(
            id=session_id, name=session_id, agent=None, workdir=workdir, returns=False, created_at=datetime.now(UTC),
            ended_at=None, exit_code=None, cols=80, rows=24, generation=0, boot_id=self._boot,
        )  # fmt: skip

    async def _bring_back(self, record: SessionRecord) -> None:
        if record.returns and record.boot_id != self._boot:
            try:
                env = await asyncio.to_thread(self._environments.read, record.id)
                spec = SessionSpec(name=record.name, workdir=Path(record.workdir), agent=record.agent, env=env)
                launch = await self._prepare(spec, record.id)
                again = replace(record, generation=record.generation + 1, boot_id=self._boot)
                await self._launch(again, launch, returned=True)
            except Problem as problem:
                _log.warning("session does not return", session=record.id, problem=str(problem))
            else:
                return
        ended = replace(record, ended_at=datetime.now(UTC))
        await self._records.save(ended)
        await asyncio.to_thread(self._environments.remove, record.id)
        await self._remember(info_of(ended), None)

    async def _remember(self, info: SessionInfo, screen: Snapshot | None) -> None:
        for forgotten in self._past.add(info, screen):
            await self._records.delete(forgotten)

    def _changed(self, session: Session) -> None:
        info = session.info()
        self._bus.publish(
            SessionChanged(
                session_id=info.id, name=info.name, status=info.status, title=info.title, cols=info.cols, rows=info.rows
            )
        )

    def _control_changed(self, session: Session, holder: str | None) -> None:
        self._bus.publish(SessionControl(session_id=session.record.id, holder=holder))

    async def _ended(self, session: Session) -> None:
        record = session.record
        try:
            await self._records.save(record)
            await asyncio.to_thread(self._environments.remove, record.id)
        except Exception:
            _log.exception("the end of a session could not be recorded", session=record.id)
        self._live.pop(record.id, None)
        forgotten = self._past.add(session.info(), session.final)
        self._bus.publish(SessionEnded(session_id=record.id, exit_code=record.exit_code))
        for session_id in forgotten:
            await self._records.delete(session_id)

    def _server(self, session_id: str) -> TmuxServer:
        return TmuxServer(self._config.tmux, self._config.socket_dir / f"{session_id}.sock", self._account)

    @property
    def _tmux_conf(self) -> Path:
        return self._config.socket_dir / "tmux.conf"

    def _prepare_and_find(self) -> Sequence[Path]:
        chores, config = self._account.chores, self._config
        for folder in (config.state_dir,) if self._account.apart else (config.socket_dir, config.state_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        chores.make_folder(config.socket_dir, 0o2770 if self._account.apart else 0o700)
        chores.write(self._tmux_conf, configuration(config.history_lines))
        self._boot = self._boot or boot_id()
        return sockets(chores, config.socket_dir)

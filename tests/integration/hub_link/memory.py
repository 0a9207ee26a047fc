"""Stands in for the services of a device, in memory, so that the link can be tested without tmux, npm or a disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from foundation.actors import Actor
from gateway.agents.types import AgentName, AgentStatus
from gateway.events.types import DeviceBus, SessionEnded, SessionStarted
from gateway.host.types import Health, SshKey, SystemInfo
from gateway.hub_link.services import LinkServices
from gateway.sessions.types import (
    Ended,
    Output,
    Resized,
    SessionInfo,
    SessionSpec,
    SessionStatus,
    Snapshot,
    ViewerItem,
)
from gateway.updates.types import Rollback, UpdatePhase, UpdateState
from gateway.workspaces.types import DownloadPlan, Entry
from protocol.problems import Problem, ProblemCode

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class MemoryControl:
    """The keyboard of a session in memory."""

    def __init__(self) -> None:
        self.holder: str | None = None

    def take(self, viewer_id: str, name: str) -> None:
        assert viewer_id
        self.holder = name

    def may_write(self, viewer_id: str, name: str) -> bool:
        assert viewer_id
        self.holder = self.holder or name
        return self.holder == name

    def release(self, viewer_id: str) -> None:
        if self.holder == viewer_id:
            self.holder = None


class MemoryViewer:
    """A viewer that keeps at most ``bound`` frames and jumps to a fresh snapshot when more come."""

    def __init__(self, session: MemorySession, bound: int = 8) -> None:
        self._session = session
        self._bound = bound
        self._items: deque[ViewerItem] = deque([session.snapshot()])
        self._news = asyncio.Event()
        self.acked: list[int] = []
        self.peak = 0

    def put(self, item: ViewerItem) -> None:
        if isinstance(item, Output) and len(self._items) >= self._bound:
            self._items = deque([self._session.snapshot()])
        else:
            self._items.append(item)
        self.peak = max(self.peak, len(self._items))
        self._news.set()

    def refresh(self) -> None:
        self._items = deque([self._session.snapshot(), *(i for i in self._items if isinstance(i, Ended))])
        self._news.set()

    def ack(self, seq: int) -> None:
        self.acked.append(seq)

    async def __aiter__(self) -> AsyncIterator[ViewerItem]:
        while True:
            while self._items:
                item = self._items.popleft()
                yield item
                if isinstance(item, Ended):
                    return
            self._news.clear()
            await self._news.wait()


@dataclass
class MemorySession:
    """A session that echoes what is typed."""

    info: SessionInfo
    spec: SessionSpec
    control: MemoryControl = field(default_factory=MemoryControl)
    viewers: list[MemoryViewer] = field(default_factory=list)
    screen: bytes = b""
    seq: int = 0
    typed: bytes = b""

    def write(self, data: bytes) -> None:
        self.screen = (self.screen + data)[-2000:]
        item = Output(self.seq, data)
        self.seq += 1
        for viewer in self.viewers:
            viewer.put(item)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            session_id=self.info.id,
            seq=self.seq,
            content=self.screen.decode(errors="replace"),
            cols=self.info.cols,
            rows=self.info.rows,
            cursor_x=0,
            cursor_y=0,
            cursor_visible=True,
            alternate_on=False,
        )


class MemorySessions:
    """Sessions in memory."""

    def __init__(self, bus: DeviceBus) -> None:
        self._bus = bus
        self.all: dict[str, MemorySession] = {}
        self.slow: asyncio.Event | None = None
        """When set, typing waits for it."""
        self.attached = 0

    async def create(self, spec: SessionSpec) -> SessionInfo:
        session_id = spec.session_id or f"s{len(self.all)}"
        if session_id in self.all and self.all[session_id].info.status is not SessionStatus.ENDED:
            raise Problem(ProblemCode.NAME_TAKEN, "There is a session of this name. Choose another one.")
        if str(spec.workdir) == "missing":
            raise Problem(ProblemCode.WORKDIR_MISSING, "The folder does not exist. Make it first.")
        if str(spec.workdir) == "broken":
            raise RuntimeError("a mistake with secret details")
        info = SessionInfo(
            id=session_id,
            name=spec.name,
            agent=spec.agent,
            workdir=Path(spec.workdir),
            status=SessionStatus.IDLE,
            title="",
            cols=spec.cols,
            rows=spec.rows,
            created_at=NOW,
            last_activity_at=NOW,
            returns=spec.returns,
            pid=4711,
        )
        self.all[session_id] = MemorySession(info, spec)
        self._bus.publish(SessionStarted(session_id=session_id, name=spec.name, agent=spec.agent))
        return info

    def list(self) -> Sequence[SessionInfo]:
        return [session.info for session in self.all.values()]

    def get(self, session_id: str) -> SessionInfo:
        return self.at(session_id).info

    def at(self, session_id: str) -> MemorySession:
        if session_id not in self.all:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such session. Look at the list.")
        return self.all[session_id]

    async def input(self, session_id: str, data: bytes) -> None:
        session = self.at(session_id)
        if self.slow is not None:
            await self.slow.wait()
        session.typed += data
        session.write(data)

    async def resize(self, session_id: str, cols: int, rows: int) -> None:
        session = self.at(session_id)
        session.info = replace(session.info, cols=cols, rows=rows)
        for viewer in session.viewers:
            viewer.put(Resized(cols, rows))
            viewer.put(session.snapshot())

    async def end(self, session_id: str) -> int | None:
        session = self.at(session_id)
        if session.info.status is SessionStatus.ENDED:
            raise Problem(ProblemCode.SESSION_ENDED, "The session is over already.")
        self.finish(session_id, 0)
        return 0

    def finish(self, session_id: str, exit_code: int) -> None:
        session = self.at(session_id)
        session.info = replace(session.info, status=SessionStatus.ENDED, exit_code=exit_code)
        for viewer in session.viewers:
            viewer.put(Ended(exit_code))
        self._bus.publish(SessionEnded(session_id=session_id, exit_code=exit_code))

    async def snapshot(self, session_id: str, scrollback: int = 0) -> Snapshot:
        assert scrollback == 0
        return self.at(session_id).snapshot()

    @asynccontextmanager
    async def attach(self, session_id: str, *, name: str, scrollback: int = 0) -> AsyncIterator[MemoryViewer]:
        assert name == "hub"
        assert scrollback == 0
        session = self.at(session_id)
        viewer = MemoryViewer(session)
        session.viewers.append(viewer)
        self.attached += 1
        try:
            yield viewer
        finally:
            session.viewers.remove(viewer)

    def control(self, session_id: str) -> MemoryControl:
        return self.at(session_id).control


class MemorySshKeys:
    """Keys in memory."""

    def __init__(self) -> None:
        self.keys: list[SshKey] = []

    async def list(self) -> Sequence[SshKey]:
        return self.keys

    async def authorize(self, public_key: str, label: str, expires_at: datetime | None) -> SshKey:
        if not public_key.startswith("ssh-"):
            raise Problem(ProblemCode.KEY_INVALID, "This is no public key. Paste the line of the .pub file.")
        key = SshKey(f"SHA256:{len(self.keys)}", label, public_key.split(maxsplit=1)[0], True, NOW, expires_at)
        self.keys.append(key)
        return key

    async def revoke(self, fingerprint: str) -> None:
        left = [key for key in self.keys if key.fingerprint != fingerprint]
        if len(left) == len(self.keys):
            raise Problem(ProblemCode.NOT_FOUND, "There is no such key. Look at the list.")
        self.keys = left


class MemoryTransfers:
    """Files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, tuple[str, bytearray]] = {}
        self.downloads: dict[str, str] = {}
        self.chunk_size = 64 * 1024

    async def begin_upload(self, transfer_id: str, dest_path: str, size: int, total_chunks: int) -> None:
        if dest_path.startswith(("/", "..")):
            raise Problem(ProblemCode.PATH_OUTSIDE_WORKSPACE, "The path leaves the workspace. Stay inside.")
        assert size >= 0
        assert total_chunks >= 0
        self.uploads[transfer_id] = (dest_path, bytearray())

    async def chunk(self, transfer_id: str, seq: int, data: bytes) -> None:
        assert seq >= 0
        self._upload(transfer_id)[1].extend(data)

    async def end_upload(self, transfer_id: str) -> Entry:
        path, data = self._upload(transfer_id)
        del self.uploads[transfer_id]
        self.files[path] = bytes(data)
        return Entry(path, path, "file", len(data), NOW)

    def _upload(self, transfer_id: str) -> tuple[str, bytearray]:
        if transfer_id not in self.uploads:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such transfer. Begin it again.")
        return self.uploads[transfer_id]

    async def cancel(self, transfer_id: str) -> None:
        if self.uploads.pop(transfer_id, None) is None and self.downloads.pop(transfer_id, None) is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such transfer.")

    async def begin_download(self, transfer_id: str, path: str) -> DownloadPlan:
        if path not in self.files:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such file. Look at the folder.")
        self.downloads[transfer_id] = path
        size = len(self.files[path])
        return DownloadPlan(transfer_id, path, size, -(-size // self.chunk_size), "")

    async def download_chunks(self, transfer_id: str) -> AsyncGenerator[bytes, None]:
        data = self.files[self.downloads[transfer_id]]
        for start in range(0, len(data), self.chunk_size):
            yield data[start : start + self.chunk_size]
        del self.downloads[transfer_id]


class MemoryAgents:
    """Agent CLIs that are installed by saying so."""

    def __init__(self) -> None:
        self.installed: set[AgentName] = set()

    async def statuses(self) -> Sequence[AgentStatus]:
        names: list[AgentName] = ["claude-code", "codex", "gemini", "opencode"]
        return [self._status(name) for name in names]

    async def install(self, agent: AgentName) -> AgentStatus:
        if agent == "gemini":
            raise Problem(ProblemCode.INSTALL_FAILED, "npm could not install gemini. Look at the log.")
        self.installed.add(agent)
        return self._status(agent)

    def _status(self, name: AgentName) -> AgentStatus:
        there = name in self.installed
        return AgentStatus(name, name, name, there, "1.2.3" if there else None, "1.2.3")


class MemoryWorkspace:
    """Two folders, unless a test wants more."""

    def __init__(self) -> None:
        self.names = ["one", "two"]

    async def folders(self) -> Sequence[str]:
        return self.names


class RefusingUpdater:
    """A device that cannot update itself."""

    rollback: Rollback | None = None

    phase: UpdatePhase = UpdatePhase.IDLE

    def state(self) -> UpdateState:
        return UpdateState(self.phase)

    def last_rollback(self) -> Rollback | None:
        return self.rollback

    async def install(self, url: str, sha256: str, version: str) -> str:
        assert url
        assert sha256
        raise Problem(ProblemCode.UPDATE_UNAVAILABLE, f"This device cannot install {version} by itself yet.")

    async def restart(self) -> None:
        raise Problem(ProblemCode.CONFLICT, "No update waits for a restart.")


class FixedSampler:
    """The same measurement each time."""

    def sample(self) -> Health:
        return Health(NOW, 12.5, 1, 2, 3, 4, 5)

    def system_info(self) -> SystemInfo:
        return SystemInfo("box", "Debian 13", "aarch64", 4, 2, 4)


class MemoryAudit:
    """A list of records."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, str]] = []
        self.actors: set[Actor] = set()

    async def record(
        self,
        actor: Actor,
        action: str,
        target: str,
        result: str = "ok",
        details: Mapping[str, JsonValue] | None = None,
    ) -> None:
        assert details is None
        self.actors.add(actor)
        self.records.append((action, target, result))


@dataclass
class MemoryDevice:
    """Everything the link needs, in memory."""

    bus: DeviceBus = field(default_factory=DeviceBus)
    ssh_keys: MemorySshKeys = field(default_factory=MemorySshKeys)
    transfers: MemoryTransfers = field(default_factory=MemoryTransfers)
    agents: MemoryAgents = field(default_factory=MemoryAgents)
    workspace: MemoryWorkspace = field(default_factory=MemoryWorkspace)
    audit: MemoryAudit = field(default_factory=MemoryAudit)

    def __post_init__(self) -> None:
        self.sessions = MemorySessions(self.bus)

    @property
    def services(self) -> LinkServices:
        return LinkServices(
            sessions=self.sessions,
            ssh_keys=self.ssh_keys,
            transfers=self.transfers,
            agents=self.agents,
            workspace=self.workspace,
            updater=RefusingUpdater(),
            sampler=FixedSampler(),
            audit=self.audit,
            bus=self.bus,
        )

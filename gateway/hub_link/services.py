"""What the link needs of the rest of the device, as narrow as it can be said.

Each protocol is the part of a service (``Sessions``, ``SshKeys``, ``Transfers`` …) that the wire reaches, so that a
test can stand in for it and a reader sees what a hub is able to do here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from foundation.actors import Actor
from gateway.agents.types import AgentName, AgentStatus
from gateway.events.types import DeviceBus
from gateway.host.types import Health, SshKey, SystemInfo
from gateway.sessions.types import SessionInfo, SessionSpec, Snapshot, ViewerItem
from gateway.updates.types import Rollback, UpdateState
from gateway.workspaces.types import DownloadPlan, Entry
from provisioning.device_key import DeviceKeys, Rotation
from provisioning.hub_credentials import HubCredentials
from provisioning.hub_memory import HubMemory

if TYPE_CHECKING:
    from protocol.streams.duplex import Send
    from protocol.streams.mux import StreamItem


class HubViewer(Protocol):
    """One attachment to a session: a snapshot first, then what follows it."""

    def __aiter__(self) -> AsyncIterator[ViewerItem]:
        """Items in order; the iteration ends with the session."""
        ...

    def refresh(self) -> None:
        """Show the screen anew: a snapshot is the next item."""
        ...

    def ack(self, seq: int) -> None:
        """The highest frame that arrived at the people who watch."""
        ...


class HubControl(Protocol):
    """Who holds a session's keyboard."""

    def take(self, viewer_id: str, name: str) -> None:
        """Take it, whoever has it."""
        ...

    def may_write(self, viewer_id: str, name: str) -> bool:
        """Whether this viewer may type; takes the keyboard when it is free and renews the lease."""
        ...

    def release(self, viewer_id: str) -> None:
        """Give it back."""
        ...


class HubSessions(Protocol):
    """The sessions of the device."""

    async def create(self, spec: SessionSpec) -> SessionInfo:
        """Start a session."""
        ...

    def list(self) -> Sequence[SessionInfo]:
        """All sessions, ended ones that are still remembered included."""
        ...

    def get(self, session_id: str) -> SessionInfo:
        """One session; Problem NOT_FOUND."""
        ...

    async def input(self, session_id: str, data: bytes) -> None:
        """Type bytes."""
        ...

    async def resize(self, session_id: str, cols: int, rows: int) -> None:
        """Give the terminal another size, in cells."""
        ...

    async def end(self, session_id: str) -> int | None:
        """End it and answer its exit code where it is known."""
        ...

    async def snapshot(self, session_id: str, scrollback: int = 0) -> Snapshot:
        """The screen as it is now."""
        ...

    def attach(self, session_id: str, *, name: str, scrollback: int = 0) -> AbstractAsyncContextManager[HubViewer]:
        """Watch it."""
        ...

    def control(self, session_id: str) -> HubControl:
        """Its keyboard."""
        ...


class HubSshKeys(Protocol):
    """Who may log in with SSH."""

    async def list(self) -> Sequence[SshKey]:
        """Every key of authorized_keys."""
        ...

    async def authorize(self, public_key: str, label: str, expires_at: datetime | None) -> SshKey:
        """Let a key in."""
        ...

    async def revoke(self, fingerprint: str) -> None:
        """Take a key out."""
        ...


class HubTransfers(Protocol):
    """Files in chunks, both ways."""

    async def begin_upload(self, transfer_id: str, dest_path: str, size: int, total_chunks: int) -> None:
        """Announce a file."""
        ...

    async def chunk(self, transfer_id: str, seq: int, data: bytes) -> None:
        """The next piece of it."""
        ...

    async def end_upload(self, transfer_id: str) -> Entry:
        """All pieces came: put the file in its place."""
        ...

    async def cancel(self, transfer_id: str) -> None:
        """Forget a transfer."""
        ...

    async def begin_download(self, transfer_id: str, path: str) -> DownloadPlan:
        """Open a file for sending."""
        ...

    def download_chunks(self, transfer_id: str) -> AsyncGenerator[bytes, None]:
        """Its pieces in order."""
        ...


class HubAgents(Protocol):
    """The agent CLIs of the device."""

    async def statuses(self) -> Sequence[AgentStatus]:
        """What is installed."""
        ...

    async def install(self, agent: AgentName) -> AgentStatus:
        """Install one."""
        ...


class HubWorkspace(Protocol):
    """The folders that agents work in."""

    async def folders(self) -> Sequence[str]:
        """Folders a session may be started in."""
        ...


class HubUpdater(Protocol):
    """Installs a release of the gateway."""

    async def install(self, url: str, sha256: str, version: str) -> str:
        """Install it and answer the version that runs after the next restart."""
        ...

    async def restart(self) -> None:
        """Start what was installed. Returns before it happens."""
        ...

    def state(self) -> UpdateState:
        """Where an update stands."""
        ...

    def last_rollback(self) -> Rollback | None:
        """The last update that was taken back."""
        ...


class HubSampler(Protocol):
    """Measures the machine."""

    def sample(self) -> Health:
        """Now."""
        ...

    def system_info(self) -> SystemInfo:
        """What does not change."""
        ...


class HubAudit(Protocol):
    """The audit log."""

    async def record(
        self,
        actor: Actor,
        action: str,
        target: str,
        result: str = "ok",
        details: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Write down who did what."""
        ...


class HubMemoryStore(Protocol):
    """Where it is kept what a hub may do. Blocks; called in a thread."""

    def read(self) -> HubMemory:
        """What is remembered."""
        ...

    def write(self, memory: HubMemory) -> None:
        """Remember this."""
        ...


class DeviceKeyStore(Protocol):
    """Where the device's own keys are kept. Blocks; called in a thread."""

    def ensure(self) -> DeviceKeys:
        """The keys, made where there are none."""
        ...

    def rotate(self) -> Rotation:
        """Make the next key, which both keys vouch for."""
        ...

    def accept(self, public_key: bytes) -> bool:
        """The hub knows the next key; False when it is another one."""
        ...

    def part(self) -> None:
        """The hub was left."""
        ...


class HubTunnel(Protocol):
    """The device's own pages, for the people of the hub."""

    def connected(self, send: Send) -> None:
        """A connection is up; ``send`` waits for room on it, and raises when it is gone."""
        ...

    def received(self, item: StreamItem) -> None:
        """The hub sent a message or frame of a stream. Does not block."""
        ...

    def cut(self) -> None:
        """End what is open."""
        ...

    async def lost(self) -> None:
        """The connection is gone."""
        ...


class HubCredentialsStore(Protocol):
    """Where the hub's address and token are kept. Blocks; called in a thread."""

    def read(self) -> HubCredentials | None:
        """None where the device has no hub."""
        ...

    def write(self, credentials: HubCredentials) -> None:
        """Keep these."""
        ...

    def remove(self) -> None:
        """Forget the hub."""
        ...


@dataclass(frozen=True)
class LinkServices:
    """Everything a hub reaches on this device."""

    sessions: HubSessions
    ssh_keys: HubSshKeys
    transfers: HubTransfers
    agents: HubAgents
    workspace: HubWorkspace
    updater: HubUpdater
    sampler: HubSampler
    audit: HubAudit
    bus: DeviceBus
    tunnel: HubTunnel | None = None
    """None for a device that shows no pages to a hub."""
    agents_reached: Callable[[], bool] = lambda: True
    """Whether the account that agents work in can be reached."""

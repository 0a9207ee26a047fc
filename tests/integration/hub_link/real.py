"""A whole device without its pages: real tmux, store, files, keys and npm, linked to a control plane."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from foundation.store.audit import AuditLog
from foundation.store.database import Store
from gateway.agents.cli import AgentCli
from gateway.agents.installer import Agents
from gateway.events.types import DeviceBus
from gateway.host.health import HealthSampler
from gateway.host.ssh_keys import SshKeys
from gateway.hub_link.services import LinkServices
from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.store import tables
from gateway.store.schema import DEVICE_SCHEMA
from gateway.store.sessions import SessionRecords
from gateway.updates.none import NoUpdater
from gateway.workspaces.folders import Workspace
from gateway.workspaces.transfers import Transfers
from tests.integration.agents.test_installing import packed
from tests.stores import device_file_in

REASON = "This device cannot update itself. Install the new version by hand."


@dataclass(frozen=True)
class RealDevice:
    """The device, and the parts a test looks at behind the link's back."""

    folder: Path
    services: LinkServices
    sessions: Sessions
    audit: AuditLog
    bus: DeviceBus

    @property
    def work(self) -> Path:
        """The workspace root."""
        return self.folder / "work"


@asynccontextmanager
async def real_device(folder: Path, catalog: Mapping[str, AgentCli] | None = None) -> AsyncIterator[RealDevice]:
    """One life of the daemon's services over a folder; sessions outlive it (:func:`end_everything`)."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread((folder / "work" / "project").mkdir, parents=True, exist_ok=True)
        if not await asyncio.to_thread((folder / "hutch.db").exists):
            await asyncio.to_thread(device_file_in, folder)
        store = await Store.open(f"sqlite:///{folder / 'hutch.db'}", DEVICE_SCHEMA)
        stack.push_async_callback(store.close)
        bus = DeviceBus()
        agents = Agents(folder / "agents", bus, catalog=catalog or {})
        config = SessionsConfig(folder / "run", folder / "state", folder / "work", shell="/bin/sh")  # noqa: S604 - a path
        sessions = Sessions(config, SessionRecords(store), bus, agents, "boot-1")
        await sessions.start()
        stack.push_async_callback(sessions.close)
        workspace = Workspace(folder / "work", bus)
        transfers = Transfers(workspace, bus)
        stack.push_async_callback(transfers.close)
        audit = AuditLog(store, tables.audit)
        services = LinkServices(
            sessions=sessions,
            ssh_keys=SshKeys(folder / "authorized_keys", bus),
            transfers=transfers,
            agents=agents,
            workspace=workspace,
            updater=NoUpdater(REASON),
            sampler=HealthSampler(folder),
            audit=audit,
            bus=bus,
        )
        yield RealDevice(folder, services, sessions, audit, bus)


def codex(folder: Path) -> AgentCli:
    """A package of that name for npm, made on the spot."""
    shelf = folder / "packages"
    shelf.mkdir(exist_ok=True)
    cli = AgentCli(
        "codex", "Codex", "codex", "@hutch-tests/codex", "1.2.3", disk_mb=1, node_major=18, setup=("node", "setup.cjs")
    )
    return packed(shelf, cli)


def end_everything(folder: Path) -> None:
    """End every process that was started for this folder."""
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word for word in process.info["cmdline"] or []):
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(3)

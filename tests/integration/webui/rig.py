"""A real device behind a real server on loopback: real store, accounts, sessions, files; nothing stands in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientResponse, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from appliance.anew import Anew
from appliance.care.desk import CareDesk
from appliance.config import Settings
from appliance.layout import Layout
from appliance.notifying import notifications_of
from foundation.accounts.limits import GuessLimits
from foundation.accounts.passwords import HashCost, Passwords
from foundation.secrets_box import load_secrets_box
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from foundation.web.site import PrefixOf, no_prefix
from gateway.accounts.accounts import Accounts
from gateway.accounts.types import Identity, Role
from gateway.agents.installer import Agents
from gateway.agents.keys import AgentKeys
from gateway.agents.login import AgentLogins
from gateway.agents.registry import CATALOG
from gateway.conversations.building import open_talks
from gateway.conversations.config import ConversationsConfig
from gateway.events.types import DeviceBus
from gateway.host.health import HealthSampler
from gateway.host.ssh_keys import SshKeys
from gateway.host.types import Health
from gateway.hub_link.link import HubLink
from gateway.hub_link.services import LinkServices
from gateway.programs.own import OwnPrograms
from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.store import tables
from gateway.store.health import HealthHistory
from gateway.store.schema import DEVICE_SCHEMA
from gateway.store.sessions import SessionRecords
from gateway.updates.desk import UpdateDesk
from gateway.updates.none import NoUpdater
from gateway.updates.preferences import UpdatePreferences
from gateway.updates.types import UpdatePhase
from gateway.updates.uploads import BundleUploads
from gateway.workspaces.folders import Workspace
from gateway.workspaces.transfers import Transfers
from provisioning.device_key import DeviceKeyFile
from provisioning.hub_credentials import HubCredentialsFile
from provisioning.hub_memory import HubMemoryFile
from tests.doubles.acp_agent import ScriptedCommands
from tests.stores import device_file_in
from webui.context import Device
from webui.server import make_app

PASSWORD: Final = "correct horse battery"
HOSTNAME: Final = "hutch-test"
_TIME: Final = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that tests turn."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Rig:
    """A running device, and secrets of a person of each role (once :meth:`add_people` ran)."""

    device: Device
    client: TestClient[web.Request, web.Application]
    store: Store
    setup_code: str
    root: Path
    scripted: ScriptedCommands
    guess_clock: Clock
    health: list[Health]
    secrets: dict[Role, str] = field(default_factory=dict)
    identities: dict[Role, Identity] = field(default_factory=dict)

    async def add_people(self) -> None:
        """An admin, an operator and a viewer, each logged in."""
        accounts = self.device.accounts
        await accounts.complete_setup(self.setup_code, "admin", PASSWORD, "console")
        for role in (Role.OPERATOR, Role.VIEWER):
            await accounts.add_person(role.value, PASSWORD, role)
        for role in Role:
            await self.log_in(role)

    async def log_in(self, role: Role) -> str:
        """A fresh login of the person of that role; its secret."""
        identity, secret = await self.device.accounts.log_in(role.value, PASSWORD, "console", "test")
        self.identities[role], self.secrets[role] = identity, secret
        return secret

    @property
    def origin(self) -> str:
        """The origin of the device's own pages."""
        return str(self.client.make_url("/")).rstrip("/")

    def bearer(self, role: Role = Role.ADMIN) -> dict[str, str]:
        """The header of a program."""
        return {"Authorization": f"Bearer {self.secrets[role]}"}

    def cookie(self, role: Role = Role.ADMIN, *, csrf: bool = True) -> dict[str, str]:
        """The headers of a browser."""
        headers = {"Cookie": f"hutch_session={self.secrets[role]}", "Origin": self.origin}
        if csrf:
            headers["X-CSRF-Token"] = self.identities[role].csrf
        return headers

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: Role | None = Role.ADMIN,
        headers: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401 (aiohttp's own options)
    ) -> Answered:
        """Send a request as a program with ``role`` and read the whole answer."""
        sent = {**(self.bearer(role) if role else {}), **(headers or {})}
        async with self.client.request(method, path, headers=sent, allow_redirects=False, **more) as response:
            return await Answered.read(response)

    async def raw(self, method: str, path: str, headers: dict[str, str]) -> str:
        """Send a request exactly as it is spelt; the status of the answer."""
        server = self.client.server
        reader, writer = await asyncio.open_connection(server.host, server.port)
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer.split(b" ", 2)[1].decode()


@dataclass(frozen=True)
class Answered:
    """An answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes
    json: Any

    @classmethod
    async def read(cls, response: ClientResponse) -> Answered:
        """Read all of it."""
        body = await response.read()
        is_json = response.content_type == "application/json" and bool(body)
        headers = {name.title(): value for name, value in response.headers.items()}
        return cls(response.status, headers, body, await response.json() if is_json else None)

    @property
    def code(self) -> str | None:
        """The problem's code."""
        return self.json["error"]["code"] if isinstance(self.json, dict) and "error" in self.json else None


@asynccontextmanager
async def running_rig(
    root: Path, change: Callable[[Device], Device] = lambda device: device, prefix_of: PrefixOf = no_prefix
) -> AsyncIterator[Rig]:
    """A device with its data below ``root``; ``change`` may give it another configuration."""
    async with AsyncExitStack() as stack:
        if not await asyncio.to_thread((root / "hutch.db").exists):
            await asyncio.to_thread(device_file_in, root)
        store = await Store.open(f"sqlite+aiosqlite:///{root}/hutch.db", DEVICE_SCHEMA)
        stack.push_async_callback(store.close)
        clock, health = Clock(), list[Health]()
        setup = SetupCode(root / "setup-code")
        code = await asyncio.to_thread(setup.ensure)
        scripted = ScriptedCommands(root / "agent-state")
        device = change(await _device(stack, root, store, scripted, setup=setup, clock=clock, health=health))
        # The pages read their templates' folder.
        app = await asyncio.to_thread(make_app, device, prefix_of)
        client = TestClient(TestServer(app, host="127.0.0.1"), cookie_jar=DummyCookieJar())
        await client.start_server()
        stack.push_async_callback(client.close)
        yield Rig(device, client, store, code, root, scripted, clock, health)


async def _device(
    stack: AsyncExitStack,
    root: Path,
    store: Store,
    scripted: ScriptedCommands,
    *,
    setup: SetupCode,
    clock: Clock,
    health: list[Health],
) -> Device:
    bus = DeviceBus(history=100)
    passwords = Passwords(HashCost(memory_kib=64, passes=1))
    accounts = Accounts(store, bus, setup, passwords=passwords, limits=GuessLimits(clock))
    stack.push_async_callback(accounts.close)
    workspace_root = root / "work"
    await asyncio.to_thread(workspace_root.mkdir)
    workspace = Workspace(workspace_root, bus)
    transfers = Transfers(workspace, bus, clock)
    keys = AgentKeys(SettingsTable(store), root / "secrets.key")
    agents = Agents(root / "npm", bus, keys=keys)
    talks = await open_talks(
        store,
        bus,
        workspace,
        OwnPrograms(),
        scripted,
        clis=frozenset(CATALOG),
        box=partial(load_secrets_box, root / "secrets.key"),
        config=ConversationsConfig(workspace_root=workspace_root, state=root / "conversations", max_awake=4),
    )
    stack.push_async_callback(talks.conversations.close)
    config = SessionsConfig(root / "s", root / "state", workspace_root, "/bin/sh")
    sessions = Sessions(config, SessionRecords(store), bus, agents)
    await sessions.start()
    stack.push_async_callback(_end_all, sessions)
    logins = AgentLogins(agents, sessions, bus, workspace_root)
    stack.push_async_callback(logins.close)
    told = notifications_of(store, SettingsTable(store), bus, sessions, root / "secrets.key", name=HOSTNAME)
    stack.push_async_callback(told.close)
    audit, ssh_keys = AuditLog(store, tables.audit), SshKeys(root / "ssh" / "authorized_keys", bus)
    sampler = await asyncio.to_thread(HealthSampler, root)
    services = LinkServices(
        sessions=sessions,
        ssh_keys=ssh_keys,
        transfers=transfers,
        agents=agents,
        workspace=workspace,
        updater=NoUpdater("This is a test."),
        sampler=sampler,
        audit=audit,
        bus=bus,
    )
    hub_link = HubLink(
        services,
        HubCredentialsFile(root / "hub.json"),
        keys=DeviceKeyFile(root / "device-key.json"),
        memory=HubMemoryFile(root / "hub-memory.json"),
        gateway_id="gw-test",
        version="0.0.1",
    )
    await stack.enter_async_context(_running(hub_link.run()))
    return Device(
        accounts=accounts,
        sessions=sessions,
        bus=bus,
        audit=audit,
        health_history=HealthHistory(store),
        sampler=sampler,
        latest_health=lambda: health[-1] if health else None,
        agents_reached=lambda: True,
        ssh_keys=ssh_keys,
        workspace=workspace,
        transfers=transfers,
        agents=agents,
        agent_keys=keys,
        agent_logins=logins,
        hub_link=hub_link,
        conversations=talks.conversations,
        workers=talks.workers,
        attachments=talks.attachments,
        usage=talks.usage,
        folders=talks.folders,
        updates=UpdateDesk(
            NoUpdater("This is a test."),
            UpdatePreferences(SettingsTable(store), channel=None, automatic=None, window=None),
            BundleUploads(root / "updates"),
        ),
        care=await _care(stack, root, bus),
        notifications=told.notifications,
        settings=SettingsTable(store),
        name=HOSTNAME,
        version="0.0.1",
        gateway_id="gw-test",
        started_at=_TIME,
        allowed_hosts=frozenset({"hutch.example.org"}),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
    )


async def _care(stack: AsyncExitStack, root: Path, bus: DeviceBus) -> CareDesk:
    settings = Settings(data=root, workspace=root / "work", authorized_keys=root / "ssh" / "authorized_keys")
    layout = Layout.of(settings)
    desk = CareDesk(settings, layout, bus, name=HOSTNAME, updating=lambda: UpdatePhase.IDLE, anew=Anew())
    await stack.enter_async_context(_running(desk.run()))
    return desk


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _end_all(sessions: Sessions) -> None:
    for info in sessions.list():
        await sessions.end(info.id)
    await sessions.close()

"""The composition root: reads from top to bottom, makes each part once and hands it to those that need it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from appliance.anew import Anew, start_again
from appliance.care.desk import CareDesk
from appliance.care.pending import carry_out
from appliance.care.settling import agents_of
from appliance.claiming import show_claim
from appliance.config import Settings
from appliance.hub import hub_credentials, make_device_key
from appliance.layout import Layout
from appliance.lean import give_back, share_one_heap
from appliance.lock import hold
from appliance.notifying import notifications_of
from appliance.opencode import begin_desktop, opencode_api
from appliance.separation import rights_in
from appliance.serving import serve
from appliance.talks import talks_of
from appliance.updates.choose import HubSide, make_updates
from appliance.upkeep import Upkeep, samples_in
from appliance.version import VERSION
from foundation.daemon import background, show_setup_code
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from gateway.accounts.accounts import Accounts
from gateway.agents.installer import Agents
from gateway.agents.keys import AgentKeys
from gateway.agents.login import AgentLogins
from gateway.events.types import DeviceBus
from gateway.host.boot_notes import read_boot_notes
from gateway.host.health import HealthSampler
from gateway.host.ssh_keys import SshKeys
from gateway.host.systemd import Notifier
from gateway.hub_link.link import HubLink
from gateway.hub_link.services import LinkServices
from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.store import tables
from gateway.store.health import HealthHistory
from gateway.store.schema import DEVICE_SCHEMA
from gateway.store.sessions import SessionRecords
from gateway.tunnel import assertions
from gateway.tunnel.tunnel import Tunnel
from gateway.tunnel.visitors import Visitors
from gateway.workspaces.folders import Workspace
from gateway.workspaces.transfers import Transfers
from provisioning.device_key import DeviceKeyFile
from provisioning.hub_memory import HubMemoryFile
from provisioning.identity import gateway_id
from webui.context import Device
from webui.security.hub_door import HubDoor
from webui.server import make_app

log = structlog.get_logger(__name__)
STEP_SECONDS = 60.0
"""What each step of a long piece of work at the start may take; systemd is told so."""

STOP_SECONDS = 5.0
"""A stop that takes longer is cut short: systemd and people wait for it."""


def run(settings: Settings) -> int:
    """Run the device until SIGTERM or SIGINT; 0 after a clean stop.

    Raises:
        Problem: when the device cannot start, with what to mend.
    """
    share_one_heap()
    layout, anew = Layout.of(settings), Anew()
    layout.prepare()
    with hold(layout.lock):
        layout.console.unlink(missing_ok=True)
        layout.hub_door.unlink(missing_ok=True)
        if (done := carry_out(layout, partial(Notifier().needs, STEP_SECONDS))) is not None:
            log.warning("what was planned for this start is done", what=done.what)
        code = asyncio.run(_run(settings, layout, anew))
    return start_again() if anew.wanted else code


async def _run(settings: Settings, layout: Layout, anew: Anew) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with device(settings, layout, anew) as notifier:
        gc.collect()
        gc.freeze()
        give_back()
        notifier.ready()
        log.info("the device is ready")
        await stop.wait()
        notifier.stopping()
        log.info("stopping")
        loop.call_later(STOP_SECONDS, _give_up)
    return 0


@asynccontextmanager
async def device(settings: Settings, layout: Layout, anew: Anew) -> AsyncIterator[Notifier]:
    """Everything that makes a device, started; closed in reverse order on the way out."""
    notifier = Notifier()
    started_at = datetime.now(UTC)
    async with AsyncExitStack() as stack:
        store = await Store.open(layout.database_url, DEVICE_SCHEMA)
        stack.push_async_callback(store.close)

        bus = DeviceBus()
        audit = AuditLog(store, tables.audit)
        health_history = HealthHistory(store, timedelta(days=settings.health_days), samples_in(settings.health_days))
        stack.push_async_callback(health_history.flush)
        setup_code = SetupCode(layout.setup_code)
        accounts = Accounts(store, bus, setup_code)
        stack.push_async_callback(accounts.close)

        account = await stack.enter_async_context(agents_of(layout, partial(notifier.needs, STEP_SECONDS)))

        sampler = HealthSampler(layout.data)
        system = await asyncio.to_thread(sampler.system_info)
        ssh_keys = SshKeys(layout.authorized_keys, bus)
        workspace = Workspace(layout.workspace, bus, rights_in(account))
        transfers = Transfers(workspace, bus)
        settings_table = SettingsTable(store)
        agent_keys = AgentKeys(settings_table, layout.secrets_key)
        agents = Agents(layout.agents, bus, built_in=layout.built_in_agents, programs=account, keys=agent_keys)
        await agents.refresh()
        talks = await talks_of(
            settings,
            layout,
            store,
            bus,
            workspace,
            programs=account,
            agents=agents,
            ram_bytes=system.ram_total_bytes,
        )
        stack.push_async_callback(talks.conversations.close)
        default_cli = await begin_desktop(talks.conversations, agents, settings.default_cli)
        sessions = Sessions(_sessions_config(settings, layout), SessionRecords(store), bus, agents, account=account)
        await sessions.start()
        stack.push_async_callback(sessions.close)
        agent_logins = AgentLogins(agents, sessions, bus, layout.workspace)
        stack.push_async_callback(agent_logins.close)

        told = notifications_of(store, settings_table, bus, sessions, layout.secrets_key, name=system.hostname)
        stack.push_async_callback(told.close)
        upkeep = Upkeep(
            sampler, health_history, audit, bus, settings.audit_days, agents_reached=lambda: account.reached
        )
        await make_device_key(layout.device_key)
        identity = await asyncio.to_thread(gateway_id, layout.data)
        has_rauc = await asyncio.to_thread(settings.rauc_config.exists)
        updates = make_updates(
            settings,
            layout.updates,
            settings_table,
            bus,
            version=VERSION,
            device_id=identity,
            has_rauc=has_rauc,
            hub=HubSide(
                online=lambda: hub_link.status.state == "online",
                committed=lambda: hub_link.greet_again(),  # noqa: PLW0108 - the link is made below
            ),
        )
        await updates.start()
        care = CareDesk(
            settings,
            layout,
            bus,
            name=system.hostname,
            updating=lambda: updates.desk.updater.state().phase,
            anew=anew,
        )
        tunnel = Tunnel(layout.hub_door, lambda: hub_link.terms.may("pages"), assertions.load)
        hub_link = HubLink(
            LinkServices(
                sessions=sessions,
                ssh_keys=ssh_keys,
                transfers=transfers,
                agents=agents,
                workspace=workspace,
                updater=updates.desk.updater,
                sampler=sampler,
                audit=audit,
                bus=bus,
                tunnel=tunnel,
                agents_reached=lambda: account.reached,
            ),
            hub_credentials(settings, layout.hub_credentials),
            keys=DeviceKeyFile(layout.device_key),
            memory=HubMemoryFile(layout.hub_memory),
            gateway_id=identity,
            version=VERSION,
            show=show_claim,
            ping_every=settings.hub_ping_seconds,
        )
        door = HubDoor(layout.hub_door, assertions.Assertions(lambda: hub_link.pinned), Visitors(), hub_link.terms.may)
        parts = Device(
            accounts=accounts,
            sessions=sessions,
            bus=bus,
            audit=audit,
            health_history=health_history,
            sampler=sampler,
            latest_health=upkeep.latest_health,
            agents_reached=lambda: account.reached,
            ssh_keys=ssh_keys,
            workspace=workspace,
            transfers=transfers,
            agents=agents,
            agent_keys=agent_keys,
            agent_logins=agent_logins,
            hub_link=hub_link,
            conversations=talks.conversations,
            workers=talks.workers,
            attachments=talks.attachments,
            usage=talks.usage,
            folders=talks.folders,
            notifications=told.notifications,
            settings=settings_table,
            updates=updates.desk,
            care=care,
            boot_notes=await asyncio.to_thread(read_boot_notes, settings.boot_folder),
            name=system.hostname,
            version=VERSION,
            gateway_id=identity,
            allowed_hosts=frozenset(settings.hosts),
            trusted_proxies=settings.trusted_proxies,
            console_socket=layout.console,
            hub_door=door,
            secure_cookies=settings.secure_cookies,
            started_at=started_at,
        )
        app = make_app(parts)
        addresses = await stack.enter_async_context(serve(app, settings.listen, layout.console, layout.hub_door))
        await stack.enter_async_context(opencode_api(settings, parts, programs=account, default_cli=default_cli))
        await stack.enter_async_context(
            background(
                upkeep.run(),
                ssh_keys.run(),
                transfers.run(),
                hub_link.run(),
                talks.conversations.run(),
                updates.run(),
                updates.schedule(),
                care.run(),
                told.notifications.run(),
                notifier.watchdog(),
            )
        )
        await _welcome(addresses, accounts, setup_code)
        yield notifier


def _give_up() -> None:
    """End a stop that hangs; sessions live on in tmux and the store's journal is whole."""
    log.error("the stop took too long and is cut short", seconds=STOP_SECONDS)
    os._exit(1)


def _sessions_config(settings: Settings, layout: Layout) -> SessionsConfig:
    return SessionsConfig(
        socket_dir=layout.sockets,
        state_dir=layout.session_state,
        workspace_root=layout.workspace,
        shell=settings.shell,
        history_lines=settings.history_lines,
        max_sessions=settings.max_sessions,
    )


async def _welcome(addresses: list[str], accounts: Accounts, setup_code: SetupCode) -> None:
    for address in addresses:
        log.info("the device page is open", address=address)
    if await accounts.needs_setup():
        await show_setup_code(addresses[0], setup_code)

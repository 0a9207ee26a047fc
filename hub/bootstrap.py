"""The composition root of the hub: reads from top to bottom, makes each part once, hands it to those that need it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog
from aiohttp import ClientSession, web

from foundation.daemon import background, show_setup_code
from foundation.files import make_private_folder
from foundation.notify.sending import AppriseSender
from foundation.secrets_box import SecretsBox
from foundation.settings import Listen
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from foundation.web.context import source_of
from hub.config import HubSettings
from hub.enrolment.gatekeeper import HubIdentity
from hub.enrolment.hosts import DialledHosts
from hub.enrolment.service import Enrolment, Links, make_enrolment
from hub.enrolment.service import Limits as EnrolmentLimits
from hub.fleet.service import Fleet, make_fleet
from hub.limits import keep_of, routing_limits_of
from hub.link_events import Fanout
from hub.nodes.cluster import Cluster, Here, new_node_id
from hub.nodes.link_events import NodeLinkEvents
from hub.nodes.opening import open_bus
from hub.nodes.relaying import AccessRelay, EventRelay, KeyRelay, ReplacementRelay
from hub.people.oidc.logins import ExternalLogins
from hub.people.oidc.provider import Provider
from hub.people.oidc.settings import provider_settings
from hub.people.service import People
from hub.rollouts.book import RolloutBook
from hub.rollouts.desk import RolloutDesk
from hub.rollouts.news import RolloutNews
from hub.rollouts.worker import RolloutWorker
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.local import LocalPorts
from hub.routing.metrics import routing_metrics
from hub.routing.wheel import Wheel
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.people import audit as audit_table
from hub.tunnel.keys import HubKey, Vouching
from hub.tunnel.proxy import DevicePages
from hub.tunnel.routes import DEVICE_PAGES
from hub.tunnel.switch import StreamOpener
from hub.upkeep import Upkeep
from hub.web.context import Hub
from hub.web.device_pages import PeopleAccess
from hub.web.fleet_metrics import fleet_metrics
from hub.web.link import DOOR
from hub.web.security.alert_scopes import AlertScope, TargetScope
from hub.web.security.devices import BatchScope, DeviceScope
from hub.web.security.rollout_scope import RolloutScope
from hub.web.security.scopes import ScopeResolver
from hub.web.server import make_app

log = structlog.get_logger(__name__)


class Notifier(Protocol):
    """The hub's voice towards whatever started it."""

    def ready(self) -> None:
        """The hub answers."""

    def stopping(self) -> None:
        """The hub closes."""

    async def watchdog(self) -> None:
        """Say again and again that the hub lives."""


@dataclass(frozen=True)
class Surroundings:
    """The process around the hub, which is the same for a device."""

    version: str
    notifier: Notifier
    serve: Callable[[web.Application, Listen], AbstractAsyncContextManager[list[str]]]
    """Listens while inside; yields the addresses."""


def run(settings: HubSettings, around: Surroundings) -> int:
    """Run the hub until SIGTERM or SIGINT; 0 after a clean stop.

    Raises:
        Problem: when the hub cannot start, with what to mend.
    """
    make_private_folder(settings.data.absolute())
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        return runner.run(_run(settings, around))


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed: it moves twice as much and keeps TLS connections small (facts in decision 21)."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


async def _run(settings: HubSettings, around: Surroundings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with hub(settings, around):
        around.notifier.ready()
        log.info("the hub is ready")
        await stop.wait()
        around.notifier.stopping()
        log.info("stopping")
    return 0


@asynccontextmanager
async def hub(settings: HubSettings, around: Surroundings) -> AsyncIterator[Hub]:
    """Everything that makes a hub, started; closed in reverse order on the way out."""
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.store_url, HUB_SCHEMA, patience=settings.database_seconds)
        stack.push_async_callback(store.close)
        key = await asyncio.to_thread(HubKey.load, settings.key_path)
        box = SecretsBox(key.derive("secrets"))
        name = socket.gethostname().partition(".")[0].lower()

        audit = AuditLog(store, audit_table)
        setup_code = SetupCode(settings.setup_code_path)
        people = People.of(store, setup_code)
        stack.push_async_callback(people.close)
        http = await stack.enter_async_context(ClientSession())
        provider = await asyncio.to_thread(provider_settings, settings)
        external_logins = None if provider is None else ExternalLogins(people.ground, Provider(provider, http))

        alone = settings.nats_url is None
        node_id = new_node_id()
        sender = AppriseSender(allow_private=settings.private_notifications)
        stack.push_async_callback(sender.close)
        fleet = make_fleet(store, box, node=node_id, alone=alone, sender=sender, keep=keep_of(settings))
        await fleet.start()
        stack.push_async_callback(fleet.close)

        told = Fanout()
        link_events = NodeLinkEvents(told)
        wheel = Wheel.of_loop()
        stack.callback(wheel.stop)
        connections = Connections(link_events, wheel, routing_limits_of(settings))
        local = LocalPorts(connections, StreamOpener())
        bus = await open_bus(settings.nats_address, node_id)
        stack.push_async_callback(bus.close)
        cluster = await Cluster.start(
            Here(
                store=store,
                bus=bus,
                box=box,
                local=local,
                cutter=local,
                link_events=link_events,
                publish=fleet.announcer.publish,
                lost=lambda node, _devices: fleet.writer.node_lost(node),
                recheck=told.recheck,
            ),
            node_id=node_id,
            name=settings.node or name,
            alone=alone,
        )
        stack.push_async_callback(cluster.close)

        where, hosts = [*settings.public_url], DialledHosts(settings.public_url, name)
        enrolment = make_enrolment(
            store,
            audit,
            fleet.announcer.publish,
            HubIdentity(hosts, lambda: f"{where[0]}/claim", key.public_bytes),
            Links(
                cluster.ports,
                cluster.cutter,
                live=cluster.ports.online,
                tell=KeyRelay(cluster.signals, connections.say).tell,
            ),
            secret=key.derive("enrolment"),
            signals=cluster.claims,
            limits=EnrolmentLimits(max_devices=settings.max_devices),
        )
        stack.push_async_callback(enrolment.close)
        _relay(cluster, fleet, people, enrolment)
        book = RolloutBook(store, cluster.ports, fleet.devices)
        worker = RolloutWorker(book, cluster.ports, RolloutNews(fleet.announcer.publish))
        rollouts = RolloutDesk(store, worker.moved)

        _tell_everybody(told, fleet, enrolment, worker)

        upkeep = Upkeep(audit, cluster.commands, settings)
        parts = Hub(
            settings=settings,
            people=people,
            enrolment=enrolment,
            audit=audit,
            values=SettingsTable(store),
            fleet=fleet,
            rollouts=rollouts,
            ports=cluster.ports,
            queue=cluster.commands,
            name=name,
            version=around.version,
            started_at=datetime.now(UTC),
            external_logins=external_logins,
            resolvers=resolvers_of(people, enrolment, fleet, rollouts),
            metrics=(lambda: routing_metrics(connections), lambda: fleet_metrics(fleet)),
        )
        app = await asyncio.to_thread(make_app, parts)
        app[DOOR] = Door(connections, enrolment.gatekeeper, Admission(connections.limits, wheel.now), source_of)
        app[DEVICE_PAGES] = DevicePages(cluster.ports, PeopleAccess(), Vouching(key, lambda: hosts.main))
        addresses = await stack.enter_async_context(around.serve(app, settings.listen))
        stack.push_async_callback(connections.stop)
        _opened(addresses, where, hosts)
        await stack.enter_async_context(
            background(people.run(), fleet.run(), cluster.run(), worker.run(), upkeep.run(), around.notifier.watchdog())
        )
        await _welcome(settings.public_url or tuple(addresses), people, setup_code)
        yield parts


def _opened(addresses: list[str], where: list[str], hosts: DialledHosts) -> None:
    """The hub listens now: that is where it may be dialled, beside its public addresses."""
    where += addresses
    for address in addresses:
        hosts.add(address)


def _relay(cluster: Cluster, fleet: Fleet, people: People, enrolment: Enrolment) -> None:
    """What happens on this node and concerns the others, and the other way round."""
    fleet.announcer.on_publish(EventRelay(cluster.signals, fleet.announcer.relayed).tell)
    access = AccessRelay(cluster.signals, people.ground.bearers.heard_elsewhere)
    people.ground.bearers.tell_others(access.tell_all)
    replacements = ReplacementRelay(cluster.signals, enrolment.duplicates.heard)
    enrolment.duplicates.tell_others(replacements.tell)


def _tell_everybody(told: Fanout, fleet: Fleet, enrolment: Enrolment, worker: RolloutWorker) -> None:
    """Who hears of devices, and in which order."""
    told.on_connected += [
        fleet.state.connected,
        worker.connected,
        lambda device, _hello, _at: enrolment.latecomers.connected(device.id),
    ]
    told.on_disconnected.append(fleet.state.disconnected)
    told.on_heard += [
        fleet.state.heard,
        worker.heard,
        lambda device_id, event, _at: enrolment.rotation.heard(device_id, event),
    ]
    told.on_runaway.append(fleet.state.runaway)
    told.on_recheck.append(enrolment.latecomers.connected)


def resolvers_of(
    people: People, enrolment: Enrolment, fleet: Fleet, rollouts: RolloutDesk
) -> tuple[ScopeResolver, ...]:
    """What the paths of the parts' routes may name."""
    return (
        DeviceScope(enrolment.devices),
        BatchScope(enrolment.batches, people.organisations),
        AlertScope(fleet.alerts),
        TargetScope(fleet.targets),
        RolloutScope(rollouts),
    )


async def _welcome(addresses: tuple[str, ...], people: People, setup_code: SetupCode) -> None:
    for address in addresses:
        log.info("the hub is open", address=address)
    if await people.logins.needs_setup():
        await show_setup_code(addresses[0], setup_code)

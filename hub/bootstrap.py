"""The composition root of the hub: reads from top to bottom, makes each part once, hands it to those that need it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog
from aiohttp import ClientSession, web

from foundation.files import make_private_folder
from foundation.settings import Listen
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from hub.config import HubSettings
from hub.people.oidc.logins import ExternalLogins
from hub.people.oidc.provider import Provider
from hub.people.oidc.settings import provider_settings
from hub.people.service import People
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.people import audit as audit_table
from hub.upkeep import Upkeep
from hub.web.context import Hub
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
    return asyncio.run(_run(settings, around))


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
        store = await Store.open(settings.store_url, HUB_SCHEMA)
        stack.push_async_callback(store.close)

        audit = AuditLog(store, audit_table)
        setup_code = SetupCode(settings.setup_code_path)
        people = People.of(store, setup_code)
        stack.push_async_callback(people.close)

        http = await stack.enter_async_context(ClientSession())
        provider = await asyncio.to_thread(provider_settings, settings)
        external_logins = None if provider is None else ExternalLogins(people.ground, Provider(provider, http))

        upkeep = Upkeep(audit, settings)

        # Enrolment, routing, nodes, fleet, rollouts and the tunnel stand here, in this order.

        parts = Hub(
            settings=settings,
            people=people,
            audit=audit,
            values=SettingsTable(store),
            name=socket.gethostname().partition(".")[0].lower(),
            version=around.version,
            started_at=datetime.now(UTC),
            external_logins=external_logins,
        )
        app = await asyncio.to_thread(make_app, parts)
        addresses = await stack.enter_async_context(around.serve(app, settings.listen))
        await stack.enter_async_context(_background(people.run(), upkeep.run(), around.notifier.watchdog()))
        await _welcome(settings.public_url or tuple(addresses), people, setup_code)
        yield parts


@asynccontextmanager
async def _background(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run works beside the web; one that fails ends the hub, so that it is started anew and not half alive."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()


async def _welcome(addresses: tuple[str, ...], people: People, setup_code: SetupCode) -> None:
    for address in addresses:
        log.info("the hub is open", address=address)
    if await people.logins.needs_setup():
        code = await asyncio.to_thread(setup_code.ensure)
        # Not through the log: the code belongs on the console of the person who started the hub, not in a journal.
        sys.stdout.write(f"\n  Open {addresses[0]}/setup and enter the setup code {code}\n\n")
        sys.stdout.flush()

"""The device's link to its hub: configured by a person, held up by itself."""

from __future__ import annotations

import asyncio
import logging
import random as chance
from collections.abc import Callable
from datetime import UTC, datetime

from gateway.events.types import HubLinkChanged
from gateway.hub_link import messages
from gateway.hub_link.address import link_url
from gateway.hub_link.channel import Clock
from gateway.hub_link.commands.agents import AgentCommands
from gateway.hub_link.commands.files import FileCommands
from gateway.hub_link.commands.sessions import SessionCommands
from gateway.hub_link.commands.ssh import SshCommands
from gateway.hub_link.commands.table import command_table
from gateway.hub_link.commands.update import UpdateCommands
from gateway.hub_link.commands.workspace import WorkspaceCommands
from gateway.hub_link.dispatch import Dispatcher
from gateway.hub_link.driver import Driver, DriverParts
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.lanes import Lanes
from gateway.hub_link.services import HubCredentialsStore, LinkServices
from gateway.hub_link.status import HubStatus, LinkState
from gateway.hub_link.terminals import Terminals
from gateway.hub_link.trail import Trail
from gateway.hub_link.typist import Typist
from protocol.link import DeviceState
from protocol.problems import Problem
from provisioning.hub_credentials import HubCredentials

log = logging.getLogger(__name__)


class HubLink:
    """Holds the link for as long as :meth:`run` runs.

    ``credentials`` is where address and token are kept; ``clock`` (the running loop by default) and ``random`` (0 to 1,
    for the jitter of reconnects) are given by tests.
    """

    def __init__(
        self,
        services: LinkServices,
        credentials: HubCredentialsStore,
        *,
        gateway_id: str,
        version: str,
        clock: Clock | None = None,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._services = services
        self._store = credentials
        self._gateway_id = gateway_id
        self._version = version
        self._clock = clock
        self._random = random
        self._wanted: HubCredentials | None = None
        self._configured = False
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._status = HubStatus("off", None, datetime.now(UTC))

    @property
    def status(self) -> HubStatus:
        """How the link is now."""
        return self._status

    async def configure(self, credentials: HubCredentials | None) -> None:
        """Use another hub, or none, from now on and after a restart. Raises Problem for an address of no use."""
        if credentials is not None:
            link_url(credentials.url)
        async with self._writing:
            if credentials is None:
                await asyncio.to_thread(self._store.remove)
            else:
                await asyncio.to_thread(self._store.write, credentials)
            self._wanted = credentials
            self._configured = True
            self._changed.set()

    async def run(self) -> None:
        """Hold the link until cancelled; never gives up."""
        error = await self._read_credentials()
        lanes = Lanes()
        try:
            parts = self._parts(lanes)
            while True:
                self._changed.clear()
                if self._wanted is None:
                    self._set("off", None, error)
                    await self._changed.wait()
                else:
                    await self._hold(self._wanted, parts)
                error = None
        finally:
            await lanes.close()
            self._set("off", None, None)

    async def _read_credentials(self) -> str | None:
        async with self._writing:
            if self._configured:
                return None
            try:
                self._wanted = await asyncio.to_thread(self._store.read)
            except Problem as problem:
                log.error("the hub's address and token cannot be read: %s", problem)
                return problem.message
            return None

    async def _hold(self, credentials: HubCredentials, parts: DriverParts) -> None:
        """Keep a link to this hub until the configuration changes."""
        # Loaded here, as in the driver: a device without a hub does without a WebSocket client.
        from gateway.hub_link.socket import open_socket

        try:
            url = link_url(credentials.url)
        except Problem as problem:
            self._set("off", credentials.url, problem.message)
            await self._changed.wait()
            return
        info = await asyncio.to_thread(self._services.sampler.system_info)
        driver = Driver(
            parts,
            messages.hello(self._gateway_id, self._version, info),
            lambda: open_socket(url, credentials.token, self._gateway_id),
            random=self._random,
            report=lambda state, error: self._report(credentials.url, state, error),
        )
        driving = asyncio.create_task(driver.run(), name="hub link driver")
        changed = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait([driving, changed], return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            driving.cancel()
            await asyncio.wait([driving, changed])
        if not driving.cancelled():
            driving.result()

    def _parts(self, lanes: Lanes) -> DriverParts:
        services = self._services
        terminals = Terminals(services.sessions, services.bus)
        keyboard = Keyboard(services.sessions)
        trail = Trail(services.audit)
        table = command_table(
            sessions=SessionCommands(services.sessions, terminals, keyboard),
            ssh=SshCommands(services.ssh_keys),
            files=FileCommands(services.transfers),
            agents=AgentCommands(services.agents),
            workspace=WorkspaceCommands(services.workspace),
            update=UpdateCommands(services.updater),
        )
        return DriverParts(
            sessions=services.sessions,
            sampler=services.sampler,
            dispatcher=Dispatcher(table, lanes, trail),
            typist=Typist(services.sessions, keyboard, lanes, trail),
            terminals=terminals,
            keyboard=keyboard,
            clock=self._clock or asyncio.get_running_loop(),
        )

    def _report(self, url: str, state: DeviceState, error: str | None) -> None:
        if state is DeviceState.LIVE:
            self._set("online", url, None)
        else:
            # Once something went wrong, the page shows the reason until the link is up, not each attempt.
            self._set("connecting" if error is None else "waiting", url, error)

    def _set(self, state: LinkState, url: str | None, error: str | None) -> None:
        before = self._status
        if (before.state, before.url, before.last_error) == (state, url, error):
            return
        since = before.since if before.state == state else datetime.now(UTC)
        self._status = HubStatus(state, url, since, error)
        self._services.bus.publish(HubLinkChanged(state=state, detail=error or ""))
        log.info("the link to the hub is %s%s", state, f": {error}" if error else "")

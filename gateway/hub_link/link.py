"""The device's link to its hub: configured by a person, held up by itself."""

from __future__ import annotations

import asyncio
import logging
import random as chance
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from gateway.events.types import HubLinkChanged
from gateway.hub_link import messages
from gateway.hub_link.address import dialled_host, link_url
from gateway.hub_link.channel import Clock
from gateway.hub_link.driver import Driver
from gateway.hub_link.lanes import Lanes
from gateway.hub_link.parts import driver_parts
from gateway.hub_link.prover import Introduction, Prover, rotated
from gateway.hub_link.services import DeviceKeyStore, HubCredentialsStore, HubMemoryStore, LinkServices
from gateway.hub_link.status import Claim, HubStatus, LinkState
from gateway.hub_link.target import DriverParts, Target
from gateway.hub_link.terms import Terms
from gateway.tunnel.assertions import PinnedHub
from protocol.events import KeyRotated, Permission
from protocol.identity import short_fingerprint
from protocol.limits import PING_EVERY
from protocol.link import DeviceState
from protocol.notices import AnyNotice, GatewayKeyAccepted, GatewayUnclaimed, GatewayWelcome
from protocol.problems import Problem, ProblemCode
from provisioning.device_key import DeviceKeys
from provisioning.hub_credentials import HubCredentials

log = logging.getLogger(__name__)
_HANG_UP = 5.0
"""Seconds that saying goodbye to a hub may take before who asked for it goes on."""


def _show_nothing(_claim: Claim) -> None:
    """The page shows the code, and so does ``hutch status``."""


class HubLink:
    """Holds the link for as long as :meth:`run` runs.

    ``credentials`` is where address and token are kept, ``keys`` where the device's own key is, ``memory`` what a hub
    may do; ``show`` is called with every new claim code; ``ping_every`` is in seconds; ``clock`` (the running loop by
    default) and ``random`` (0 to 1, for the jitter of reconnects) are given by tests.
    """

    def __init__(
        self,
        services: LinkServices,
        credentials: HubCredentialsStore,
        *,
        keys: DeviceKeyStore,
        memory: HubMemoryStore,
        gateway_id: str,
        version: str,
        show: Callable[[Claim], None] = _show_nothing,
        clock: Clock | None = None,
        random: Callable[[], float] = chance.random,
        ping_every: float = PING_EVERY,
    ) -> None:
        self.terms = Terms(memory, services.bus)
        """What the hub may do here, and which key it is known by."""
        self._services = services
        self._store = credentials
        self._keys = keys
        self._gateway_id = gateway_id
        self._version = version
        self._show = show
        self._clock = clock
        self._random = random
        self._ping_every = ping_every
        self._wanted: HubCredentials | None = None
        self._configured = False
        self._changed = asyncio.Event()
        self.greet_again = self._changed.set
        """Connect anew, for a hello that says what changed. Nothing happens where there is no hub."""
        self._writing = asyncio.Lock()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._driver: Driver | None = None
        self._mine: DeviceKeys | None = None
        self._prover: Prover | None = None
        self._claim: Claim | None = None
        self._stands: tuple[LinkState, str | None, str | None] = ("off", None, None)
        self._since = datetime.now(UTC)

    @property
    def status(self) -> HubStatus:
        """How the link is now."""
        state, url, error = self._stands
        known = self.terms.memory if state != "off" else None
        return HubStatus(
            state=state,
            url=url,
            since=self._since,
            last_error=error,
            has_key=self._mine is not None,
            device_id=self._gateway_id if self._mine is None else self._mine.device_id,
            fingerprint=None if self._mine is None else short_fingerprint(self._mine.current.public),
            claim=self._claim,
            name=None if known is None else known.name,
            organisation=None if known is None else known.organisation,
            hub_changed=self.terms.hub_changed,
            allows=self.terms.allows,
        )

    @property
    def pinned(self) -> PinnedHub | None:
        """The hub whose word counts for who comes through it; None while there is none."""
        key = self.terms.hub_key
        if key is None or self._mine is None or self._prover is None:
            return None
        return PinnedHub(self._mine.device_id, key, self._prover.hub_names)

    async def configure(self, credentials: HubCredentials | None) -> None:
        """Use another hub, or none, from now on and after a restart. Raises Problem for an address of no use."""
        if credentials is not None:
            link_url(credentials.url)
        async with self._writing:
            if credentials is None:
                await asyncio.to_thread(self._store.remove)
            else:
                await asyncio.to_thread(self._store.write, credentials)
            if credentials is None or (self._wanted is not None and credentials.url != self._wanted.url):
                await self._part()
            self._wanted = credentials
            self._configured = True
            self._changed.set()
            if credentials is not None:
                # At once, and not when the link gets to it: the page that follows shows it.
                self._mine = None
                self._set("connecting", credentials.url, None)
        if credentials is None:
            await self._hung_up()

    async def _hung_up(self) -> None:
        """Wait until the link is closed, so that the page that follows shows it; a hub that hangs is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_HANG_UP):
                await self._at_rest.wait()

    async def _part(self) -> None:
        """Leave what belongs to the present hub. A hub is left even where that cannot be written down."""
        try:
            await self.terms.forget()
            await asyncio.to_thread(self._keys.part)
        except Problem as problem:
            log.error("what belongs to the hub that was left cannot be cleared: %s", problem)

    async def allow(self, permissions: Iterable[Permission]) -> None:
        """Let the hub do this from now on, and nothing else. Raises Problem.

        Pages that the hub's people have open are cut when it may do less than before; commands under way are not.
        """
        before = frozenset(self.terms.allows)
        await self.terms.allow(permissions)
        if self._services.tunnel is not None and not before <= frozenset(self.terms.allows):
            self._services.tunnel.cut()

    async def rotate_key(self) -> None:
        """Change the device's key; the hub is told now, or with the next connection. Raises Problem."""
        if self._mine is None:
            message = "This device shows no key to its hub. Join a hub without a token first."
            raise Problem(ProblemCode.CONFLICT, message)
        rotation = await asyncio.to_thread(self._keys.rotate)
        if self._driver is not None:
            self._driver.send(rotated(rotation))

    async def run(self) -> None:
        """Hold the link until cancelled; never gives up."""
        error = await self._read()
        lanes = Lanes()
        clock = self._clock or asyncio.get_running_loop()
        try:
            parts = driver_parts(self._services, self.terms, self._keys, lanes, clock)
            while True:
                self._changed.clear()
                if self._wanted is None:
                    self._set("off", None, error)
                    self._at_rest.set()
                    await self._changed.wait()
                else:
                    self._at_rest.clear()
                    await self._hold(self._wanted, parts)
                error = None
        finally:
            await lanes.close()
            self._set("off", None, None)
            self._at_rest.set()

    async def _read(self) -> str | None:
        async with self._writing:
            try:
                await self.terms.load()
                if not self._configured:
                    self._wanted = await asyncio.to_thread(self._store.read)
            except Problem as problem:
                log.error("what belongs to the hub cannot be read: %s", problem)
                return problem.message
            return None

    async def _hold(self, credentials: HubCredentials, parts: DriverParts) -> None:
        """Keep a link to this hub until the configuration changes."""
        try:
            target = await self._target(credentials)
        except Problem as problem:
            self._set("off", credentials.url, problem.message)
            await self._changed.wait()
            return
        self._driver = Driver(parts, target, random=self._random, ping_every=self._ping_every)
        driving = asyncio.create_task(self._driver.run(), name="hub link driver")
        changed = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait([driving, changed], return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            driving.cancel()
            await asyncio.wait([driving, changed])
            self._driver = self._mine = self._prover = self._claim = None
        if not driving.cancelled():
            driving.result()

    async def _target(self, credentials: HubCredentials) -> Target:
        # Loaded here, as in the driver: a device without a hub does without a WebSocket client.
        from gateway.hub_link.socket import open_socket

        url = link_url(credentials.url)
        info = await asyncio.to_thread(self._services.sampler.system_info)
        prover = None
        if credentials.has_key:
            self._mine = await asyncio.to_thread(self._keys.ensure)
            name = messages.hostname(info, self._mine.device_id)
            said = Introduction(dialled_host(url), name, self._version, credentials.enrolment_token)
            prover = Prover(self._keys, said)
        self._prover = prover
        device_id = self._gateway_id if self._mine is None else self._mine.device_id
        return Target(
            device_id=device_id,
            hello=lambda: messages.hello(
                device_id,
                messages.told_version(self._version, self._services.updater.state()),
                info,
                self.terms.allows,
                self._services.updater.last_rollback(),
                streams=self._services.tunnel is not None,
            ),
            open=lambda: open_socket(url, credentials.token, device_id),
            prover=prover,
            report=lambda state, error: self._report(credentials, state, error),
            hear=lambda notice: self._hear(credentials.url, prover, notice),
        )

    async def _hear(self, url: str, prover: Prover | None, notice: AnyNotice) -> KeyRotated | None:
        again = None
        match notice:
            case GatewayUnclaimed():
                self._claim = Claim(notice.claim_code, notice.claim_url, notice.expires_at)
                self._show(self._claim)
            case GatewayWelcome():
                await self.terms.meet(url, notice)
                if prover is not None:
                    again = await asyncio.to_thread(prover.welcomed)
            case GatewayKeyAccepted():
                await asyncio.to_thread(self._keys.accept, notice.public_key)
            case _:
                return None  # a challenge is answered by the prover
        if prover is not None:
            self._mine = await asyncio.to_thread(self._keys.ensure)
        self._publish()
        return again

    def _report(self, credentials: HubCredentials, state: DeviceState, error: str | None) -> None:
        if self._wanted is not credentials:
            return  # the last words of a link that is not wanted any more
        if state is DeviceState.LIVE:
            self._set("online", credentials.url, None)
        elif state is DeviceState.UNCLAIMED:
            self._set("unclaimed", credentials.url, None)
        else:
            # Once something went wrong, the page shows the reason until the link is up, not each attempt.
            self._set("connecting" if error is None else "waiting", credentials.url, error)

    def _set(self, state: LinkState, url: str | None, error: str | None) -> None:
        if self._stands == (state, url, error):
            return
        if self._stands[0] != state:
            self._since = datetime.now(UTC)
        if state != "unclaimed":
            self._claim = None
        self._stands = (state, url, error)
        self._publish()
        log.info("the link to the hub is %s%s", state, f": {error}" if error else "")

    def _publish(self) -> None:
        self._services.bus.publish(HubLinkChanged(state=self._stands[0], detail=self._stands[2] or ""))

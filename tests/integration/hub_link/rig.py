"""A link that runs against a control plane, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from gateway.events.types import DeviceBus
from gateway.hub_link.channel import Clock
from gateway.hub_link.link import HubLink
from gateway.hub_link.services import LinkServices
from gateway.hub_link.status import HubStatus
from provisioning.device_key import DeviceKeyFile
from provisioning.hub_credentials import HubCredentials, HubCredentialsFile
from provisioning.hub_memory import HubMemoryFile
from tests.doubles.control_plane.plane import TOKEN

GATEWAY_ID = "device-1"


class ManualTimer:
    """A callback of a :class:`ManualClock`."""

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """It will not be called."""
        self.cancelled = True


class ManualClock:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[ManualTimer] = []
        self._armed = asyncio.Event()

    def time(self) -> float:
        """Now."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> ManualTimer:
        """Call at a time."""
        timer = ManualTimer(when, callback)
        self._timers.append(timer)
        self._armed.set()
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, and call what becomes due, in order."""
        until = self._now + seconds
        while due := [timer for timer in self._timers if not timer.cancelled and timer.when <= until]:
            first = min(due, key=lambda timer: timer.when)
            self._timers.remove(first)
            self._now = max(self._now, first.when)
            first.callback()
        self._now = until
        self._armed.clear()

    async def armed(self) -> None:
        """Wait until something was armed since time last passed."""
        await asyncio.wait_for(self._armed.wait(), 10)


@asynccontextmanager
async def running(
    services: LinkServices, folder: Path, url: str | None, *, token: str | None = TOKEN, clock: Clock | None = None
) -> AsyncIterator[HubLink]:
    """A link that is configured for ``url`` and runs; stopped at the end."""
    link = HubLink(
        services,
        HubCredentialsFile(folder / "hub.json"),
        keys=DeviceKeyFile(folder / "device-key.json"),
        memory=HubMemoryFile(folder / "hub-memory.json"),
        gateway_id=GATEWAY_ID,
        version="0.1.0",
        clock=clock,
        random=lambda: 0.0,
    )
    if url is not None:
        await link.configure(credentials(url, token))
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


def credentials(url: str, token: str | None = TOKEN) -> HubCredentials:
    """What a person enters."""
    return HubCredentials.of(url, None if token is None else SecretStr(token))


async def status(link: HubLink, bus: DeviceBus, state: str, within: float = 10.0) -> HubStatus:
    """Wait until the link is in a state."""
    async with asyncio.timeout(within), bus.subscribe() as events:
        while link.status.state != state:
            await anext(events)
    return link.status

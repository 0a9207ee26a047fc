"""A link that runs against a control plane, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from gateway.events.bus import EventBus
from gateway.hub_link.link import HubLink
from gateway.hub_link.services import LinkServices
from gateway.hub_link.status import HubStatus
from provisioning.hub_credentials import HubCredentials, HubCredentialsFile
from tests.doubles.control_plane.plane import TOKEN

GATEWAY_ID = "device-1"


class FastClock:
    """Monotonic time that goes ``speed`` times as fast, so that a backoff of seconds passes at once."""

    def __init__(self, speed: float = 20.0) -> None:
        self._loop = asyncio.get_running_loop()
        self._speed = speed

    def time(self) -> float:
        """Now."""
        return self._loop.time() * self._speed

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call at a time of this clock."""
        return self._loop.call_at(when / self._speed, callback)


@asynccontextmanager
async def running(
    services: LinkServices, folder: Path, url: str | None, *, token: str = TOKEN, speed: float = 20.0
) -> AsyncIterator[HubLink]:
    """A link that is configured for ``url`` and runs; stopped at the end."""
    link = HubLink(
        services,
        HubCredentialsFile(folder / "hub.json"),
        gateway_id=GATEWAY_ID,
        version="0.1.0",
        clock=FastClock(speed),
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


def credentials(url: str, token: str = TOKEN) -> HubCredentials:
    """What a person enters."""
    return HubCredentials(url=url, token=SecretStr(token))


async def status(link: HubLink, bus: EventBus, state: str, within: float = 10.0) -> HubStatus:
    """Wait until the link is in a state."""
    async with asyncio.timeout(within), bus.subscribe() as events:
        while link.status.state != state:
            await anext(events)
    return link.status

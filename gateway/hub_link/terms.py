"""The terms between the owner of this device and its hub: what the hub may do, and which key it is known by."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from gateway.events.types import DeviceBus, HubPolicyChanged
from gateway.hub_link.services import HubMemoryStore
from protocol.events import PERMISSIONS, Permission
from protocol.notices import GatewayWelcome
from protocol.problems import Problem, ProblemCode
from provisioning.hub_memory import HubMemory

log = logging.getLogger(__name__)


class Terms:
    """Holds what the memory says, so that a command is judged without a file.

    Until :meth:`load` has read the memory, and where it cannot be read, nothing but health is allowed.
    """

    def __init__(self, store: HubMemoryStore, bus: DeviceBus) -> None:
        self._store = store
        self._bus = bus
        self._memory = HubMemory(allows=("health",))
        self._writing = asyncio.Lock()
        self.hub_changed = False
        """Whether the hub signs with another key than the one that was trusted first."""

    @property
    def memory(self) -> HubMemory:
        """What is known of the hub."""
        return self._memory

    @property
    def hub_key(self) -> bytes | None:
        """The key whose word counts for who comes through the hub; None while there is none, or a doubt."""
        return None if self.hub_changed else self._memory.hub_key

    @property
    def allows(self) -> tuple[Permission, ...]:
        """What the hub may do, in the order of the wire's table."""
        return self._memory.allows

    def may(self, permission: Permission) -> bool:
        """Whether the hub may do this."""
        return permission in self._memory.allows

    def check(self, permission: Permission) -> None:
        """Raises Problem FORBIDDEN for what the owner does not allow."""
        if not self.may(permission):
            raise Problem(
                ProblemCode.FORBIDDEN,
                f"The owner of this device does not let the hub do this ({permission}). It is set on the device's own "
                "page, under Settings, Hub.",
                {"permission": permission},
            )

    async def load(self) -> None:
        """Read the memory. Raises Problem where it cannot be read; the terms stay narrow then."""
        self._memory = await asyncio.to_thread(self._store.read)

    async def allow(self, permissions: Iterable[Permission]) -> None:
        """From now on the hub may do this, and see the device's health. Raises Problem when it cannot be kept."""
        wanted = {"health", *permissions}
        allows = tuple(permission for permission in PERMISSIONS if permission in wanted)
        async with self._writing:
            await self._write(self._memory.model_copy(update={"allows": allows}))
        self._bus.publish(HubPolicyChanged(allows=allows))

    async def meet(self, url: str, welcome: GatewayWelcome) -> None:
        """Trust the key of a hub that is met for the first time; another key of the same hub is never trusted."""
        async with self._writing:
            known = self._memory.hub_key if self._memory.url == url else None
            self.hub_changed = known not in (None, welcome.hub_key)
            if self.hub_changed:
                log.error("the hub has another key than the one that was trusted; nobody is let in on its word")
                return
            names = {"name": welcome.name, "organisation": welcome.organisation}
            met = self._memory.model_copy(update={"url": url, "hub_key": welcome.hub_key, **names})
            if met != self._memory:
                await self._write(met)

    async def forget(self) -> None:
        """The hub was left: its key counts no more; what the owner allows stays. Raises Problem."""
        async with self._writing:
            self.hub_changed = False
            if self._memory.url is not None:
                await self._write(HubMemory(allows=self._memory.allows))

    async def _write(self, memory: HubMemory) -> None:
        await asyncio.to_thread(self._store.write, memory)
        self._memory = memory

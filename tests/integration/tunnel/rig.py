"""A real device, a small hub, and the tunnel between them; people come with the hub's cookie."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.tunnel.assertions import Assertions, PinnedHub, load
from gateway.tunnel.tunnel import Tunnel
from gateway.tunnel.visitors import Visitors
from hub.tunnel.keys import HubKey
from protocol.events import PERMISSIONS, Permission
from tests.doubles.small_hub import COOKIE, SmallHub, Wire, running_hub
from tests.integration.webui.rig import Answered, Rig, running_rig
from webui.context import Device
from webui.security.hub_door import HubDoor

HUB_NAME: Final = "hub.example.org"
DEVICE_ID: Final = "gw-test"


@dataclass
class Owner:
    """What the owner of the device allows the hub."""

    allows: Sequence[Permission] = PERMISSIONS

    def may(self, permission: Permission) -> bool:
        return permission in self.allows


@dataclass
class TunnelRig:
    """Both ends; :meth:`ask` is a browser at the hub."""

    rig: Rig
    hub: SmallHub
    tunnel: Tunnel
    wire: Wire
    owner: Owner
    door: HubDoor
    session: ClientSession
    private: Ed25519PrivateKey
    """The hub's key."""

    def url(self, path: str, device_id: str = DEVICE_ID) -> str:
        return f"{self.hub.url}/devices/{device_id}{path}"

    def headers(self, who: str | None, **more: str) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in more.items()}
        return {**({"Cookie": f"{COOKIE}={who}", "Origin": self.hub.origin} if who else {}), **given}

    async def ask(
        self,
        method: str,
        path: str,
        *,
        who: str | None = "ann",
        headers: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401 (aiohttp's own options)
    ) -> Answered:
        sent = {**self.headers(who), **(headers or {})}
        async with self.session.request(method, self.url(path), headers=sent, allow_redirects=False, **more) as answer:
            return await Answered.read(answer)

    async def csrf(self, who: str = "ann") -> dict[str, str]:
        """The header that a script of the device's pages sends with a change."""
        me = await self.ask("GET", "/api/auth/me", who=who)
        return {"X-CSRF-Token": me.json["csrf_token"]}

    async def lose_link(self) -> None:
        self.hub.board.carriers.pop(DEVICE_ID, None)
        if self.wire.streams is not None:
            self.wire.streams.lost()
        await self.tunnel.lost()


@asynccontextmanager
async def running_tunnel(root: Path, *, idle: float = 60.0) -> AsyncIterator[TunnelRig]:
    """A device whose pages a hub shows to ``ann``, who owns it there."""
    async with AsyncExitStack() as stack:
        private = Ed25519PrivateKey.generate()
        hub_key = HubKey(private)
        hub = await stack.enter_async_context(running_hub(HUB_NAME, hub_key, time.time, idle=idle))
        hub.people.add("ann")
        owner = Owner()
        pinned = PinnedHub(DEVICE_ID, hub_key.public_bytes, frozenset({HUB_NAME}))
        door = HubDoor(root / "hub.sock", Assertions(lambda: pinned), Visitors(), owner.may)

        def with_door(device: Device) -> Device:
            return replace(device, hub_door=door, console_socket=root / "console.sock")

        rig = await stack.enter_async_context(running_rig(root, with_door))
        server = rig.client.server
        assert isinstance(server, TestServer)
        assert server.runner is not None
        for path in (door.path, root / "console.sock"):
            await web.UnixSite(server.runner, path).start()
        wire = Wire()
        tunnel = Tunnel(door.path, lambda: owner.may("pages"), load)
        tunnel.connected(wire.to_hub)
        hub.board.carriers[DEVICE_ID] = wire
        await stack.enter_async_context(wire.running(tunnel.received))
        session = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        made = TunnelRig(rig, hub, tunnel, wire, owner, door, session, private)
        stack.push_async_callback(made.lose_link)
        yield made

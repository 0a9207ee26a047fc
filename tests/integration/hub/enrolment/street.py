"""A hub's link endpoint on loopback with its real enrolment, and devices that dial it over real WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.web.problems import json_answer
from hub.enrolment.gatekeeper import HubIdentity
from hub.enrolment.hosts import DialledHosts
from hub.enrolment.service import Links, make_enrolment
from hub.events import AnyHubEvent
from hub.ports import DeviceRow
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.limits import RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from hub.store.tables.people import audit, groups, organisations
from protocol.base import WireMessage
from protocol.codec import encode
from protocol.events import AnyEvent, GatewayHello, SystemInfo
from protocol.notices import GatewayChallenge, GatewayKeyAccepted
from protocol.problems import Problem
from tests.unit.hub.enrolment.rig import HUB_KEY, START, Machine

M = TypeVar("M", bound=WireMessage)
HERE = "192.0.2.10"
SOURCE = "X-Test-Source"


class Heard:
    """The rest of the hub, as far as enrolment goes."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[DeviceRow] = asyncio.Queue()

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        self.street.enrolment.latecomers.connected(device.id)
        self.connections.put_nowait(device)

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        pass

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        self.street.enrolment.rotation.heard(device_id, event)

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        pass

    street: Street


class Dialled:
    """A device's end of one socket."""

    def __init__(self, socket: ClientWebSocketResponse, machine: Machine, host: str) -> None:
        self.socket = socket
        self.machine = machine
        self.host = host

    async def say(self, message: WireMessage) -> None:
        await self.socket.send_str(encode(message))

    async def hear(self, kind: type[M]) -> M:
        """The next message, which is of this kind."""
        received = await self.socket.receive()
        assert received.type is WSMsgType.TEXT, f"{received} and no message"
        return kind.model_validate_json(received.data)

    async def prove(self, *, off: timedelta = timedelta(0), token: str | None = None) -> None:
        challenge = await self.hear(GatewayChallenge)
        await self.say(self.machine.proof(challenge, datetime.now(UTC) + off, host=self.host, token=token))

    async def greet(self, bootstrap_token: str | None = None) -> None:
        await self.say(hello(self.machine.id, bootstrap_token))

    async def closed(self) -> tuple[int | None, str | None]:
        """The code and the reason with which the hub closes, whatever it says before."""
        while (received := await self.socket.receive()).type is not WSMsgType.CLOSE:
            assert received.type is WSMsgType.TEXT
        return received.data, received.extra


def hello(gateway_id: str, bootstrap_token: str | None = None) -> GatewayHello:
    machine = SystemInfo(os="linux", arch="aarch64", cpus=4, ram_total_bytes=1, disk_total_bytes=1)
    return GatewayHello(
        gateway_id=gateway_id, version="1.2.3", hostname="pi", bootstrap_token=bootstrap_token, system_info=machine
    )


class Street:
    """The hub, and how to reach it."""

    def __init__(self, store: Store, group: int) -> None:
        self.group = group
        self.heard = Heard()
        self.heard.street = self
        self.events: list[AnyHubEvent] = []
        self.hosts = DialledHosts([], "hub")
        self.connections = Connections(self.heard, Wheel.of_loop())
        ports = LocalPorts(self.connections)
        self.enrolment = make_enrolment(
            store,
            AuditLog(store, audit),
            self.events.append,
            HubIdentity(self.hosts, lambda: "https://hub.example/claim", HUB_KEY),
            Links(ports, ports, lambda device_id: self.connections.live(device_id) is not None, self.tell),
            secret=b"s" * 32,
        )
        admission = Admission(RoutingLimits(), asyncio.get_running_loop().time)
        door = Door(
            self.connections, self.enrolment.gatekeeper, admission, lambda request: request.headers.get(SOURCE, HERE)
        )
        self.app = web.Application(middlewares=[_problems])
        self.app.router.add_get("/gw/connect", door.connect)
        self.http: ClientSession
        self.url = ""

    def tell(self, device_id: str, notice: GatewayKeyAccepted) -> None:
        connection = self.connections.live(device_id)
        assert connection is not None
        connection.socket.send_text(encode(notice))

    async def dial(self, machine: Machine, source: str = HERE, scheme: str = "Hutch-Key") -> Dialled:
        """Open a socket as this device."""
        headers = {"Authorization": scheme, "X-Gateway-Id": machine.id, SOURCE: source}
        socket = await self.http.ws_connect(f"{self.url}/gw/connect", headers=headers)
        return Dialled(socket, machine, self.hosts.main)


@web.middleware
async def _problems(request: web.Request, handler: object) -> web.StreamResponse:
    try:
        return await handler(request)  # type: ignore[operator, no-any-return]  # aiohttp's own handler
    except Problem as problem:
        return json_answer(problem)


@asynccontextmanager
async def open_street(store: Store) -> AsyncIterator[Street]:
    """A hub with one group, open while inside."""
    async with store.begin() as connection:
        made = sa.insert(organisations).values(name="home", created_at=START).returning(organisations.c.id)
        values = {"organisation_id": await connection.scalar(made), "name": "pis", "created_at": START}
        group = await connection.scalar(sa.insert(groups).values(values).returning(groups.c.id))
    street = Street(store, group or 0)
    # Not aiohttp's TestServer: it ends a handler whose request left the HTTP server, as a link's does.
    runner = web.AppRunner(street.app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    street.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    street.hosts.add(street.url)
    async with ClientSession() as street.http:
        yield street
        await street.connections.stop()
    await runner.cleanup()
    await street.enrolment.close()

"""A hub with people, one page and one secret, that shows devices through real streams over an encoded wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from foundation.web.application import make_application
from foundation.web.context import AuditNote, Login, login_of
from foundation.web.routing import AnyRoute, Route
from foundation.web.site import Site
from hub.ports import DevicePort, Ports, Stream
from hub.tunnel.keys import HubKey, Vouching
from hub.tunnel.proxy import DevicePages
from hub.tunnel.routes import DEVICE_PAGES, tunnel_routes
from hub.tunnel.switch import FEATURE, Carrier, Handler, StreamOpener
from hub.tunnel.visitor import Visitor
from protocol.codec import encode, parse_from_device, parse_from_hub
from protocol.events import GatewayHello, SystemInfo
from protocol.frames import BinaryFrame
from protocol.problems import Problem, ProblemCode
from protocol.streams.assertion import Assertion
from protocol.streams.messages import StreamClose, StreamEnd, StreamOpen, StreamWindow
from protocol.streams.mux import StreamItem

HELLO: Final = GatewayHello(
    gateway_id="gw-test",
    version="0.0.1",
    hostname="hutch-test",
    system_info=SystemInfo(os="Debian", arch="x86_64", cpus=1, ram_total_bytes=1, disk_total_bytes=1),
    features=(FEATURE,),
)
COOKIE: Final = "hub_session"


class HubRole(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"


@dataclass(frozen=True)
class Somebody:
    """A login of the hub; its name is its secret."""

    name: str
    visitor: Visitor
    csrf: str = "csrf-of-the-hub"


@dataclass
class People:
    """Who has a login; :meth:`log_out` ends it."""

    logins: dict[str, Somebody] = field(default_factory=dict)
    ends: dict[str, set[Callable[[], None]]] = field(default_factory=dict)

    def add(self, name: str, role: str = "admin", *, by_cookie: bool = True) -> None:
        visitor = Visitor(f"person-{name}", name, role, f"login-{name}", by_cookie)  # type: ignore[arg-type]
        self.logins[name] = Somebody(name, visitor)

    def log_out(self, name: str) -> None:
        del self.logins[name]
        for end in list(self.ends.get(name, ())):
            end()

    # Authority

    async def identify(self, request: web.Request) -> Login | None:
        return self.logins.get(request.cookies.get(COOKIE, ""))

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        del request, route
        if login is None:
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        raise AssertionError("nothing here is audited")

    # Access

    def visitor(self, request: web.Request, device_id: str) -> Visitor:
        del device_id
        login = login_of(request)
        assert isinstance(login, Somebody)
        return login.visitor

    @contextmanager
    def watch(self, request: web.Request, device_id: str, end: Callable[[], None]) -> Iterator[None]:
        del device_id
        ends = self.ends.setdefault(login_of(request).name, set())
        ends.add(end)
        try:
            yield
        finally:
            ends.discard(end)


Receive = Callable[[StreamItem], None]


class Wire:
    """Carries the items of streams as the link does: encoded, in order, congested after a few.

    It is a :class:`hub.tunnel.switch.Carrier` as well, as the hub's connection is.
    """

    def __init__(self) -> None:
        self.streams: Handler | None = None
        self.hello: GatewayHello | None = HELLO
        self._to_device: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._to_hub: asyncio.Queue[str | bytes] = asyncio.Queue(4)

    @property
    def congested(self) -> bool:
        return self._to_device.qsize() >= 4

    def send_stream(self, item: StreamItem) -> None:
        self._to_device.put_nowait(_encoded(item))

    async def to_hub(self, item: StreamItem) -> None:
        await self._to_hub.put(_encoded(item))

    @asynccontextmanager
    async def running(self, device: Receive) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work) for work in (self._carry_to_device(device), self._carry_to_hub())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry_to_device(self, device: Receive) -> None:
        while True:
            device(_decoded(await self._to_device.get(), parse_from_hub))
            if self.streams is not None and not self.congested:
                self.streams.writable()

    async def _carry_to_hub(self) -> None:
        while True:
            item = _decoded(await self._to_hub.get(), parse_from_device)
            assert self.streams is not None
            self.streams.deliver(item)


def _decoded(data: str | bytes, parse: Callable[[str], object]) -> StreamItem:
    if isinstance(data, bytes):
        return BinaryFrame.decode(data)
    message = parse(data)
    assert isinstance(message, StreamOpen | StreamWindow | StreamEnd | StreamClose)
    return message


def _encoded(item: StreamItem) -> str | bytes:
    return item.encode() if isinstance(item, BinaryFrame) else encode(item)


class Switchboard:
    """The ports of the hub: which device is connected where."""

    def __init__(self) -> None:
        self.carriers: dict[str, Carrier] = {}
        self.opener = StreamOpener()

    def of(self, device_id: str) -> DevicePort:
        return _Port(device_id, self)  # type: ignore[return-value]  # its streams are all that is asked of it

    def online(self, device_id: str) -> bool:
        return device_id in self.carriers


@dataclass(frozen=True)
class _Port:
    device_id: str
    board: Switchboard

    async def open_stream(self) -> Stream:
        carrier = self.board.carriers.get(self.device_id)
        if carrier is None:
            raise Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected.")
        return await self.board.opener.open(carrier)


@dataclass
class SmallHub:
    """What tests use of it."""

    people: People
    board: Switchboard
    key: HubKey
    clock: list[float]
    """Seconds by which the hub's clock is off."""
    name: str
    """What it calls itself in assertions."""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Paths of the hub itself that somebody asked for with a login."""

    @property
    def origin(self) -> str:
        return self.url.rstrip("/")

    def sign(self, said: Assertion) -> str:
        return self.key.sign(said.model_copy(update={"iss": self.name}))

    def rekey(self) -> None:
        self.key = HubKey(Ed25519PrivateKey.generate())


async def _secret(request: web.Request) -> web.Response:
    request.app[HUB].asked.append(request.path)
    return web.json_response({"secret": "of the hub"})


async def _home(request: web.Request) -> web.Response:
    request.app[HUB].asked.append(request.path)
    return web.Response(text="<!doctype html><title>hub</title><h1 id=secret>of the hub</h1>", content_type="text/html")


HUB = web.AppKey("hub", SmallHub)


@asynccontextmanager
async def running_hub(
    name: str,
    key: HubKey,
    time: Callable[[], float],
    *,
    idle: float = 60.0,
    ports: Ports | None = None,
    more: Sequence[Route[HubRole]] = (),
) -> AsyncIterator[SmallHub]:
    """A hub on loopback that calls itself ``name``; ``ports`` instead of its own board, and ``more`` routes."""
    hub = SmallHub(People(), Switchboard(), key, [0.0], name)
    routes: list[Route[HubRole]] = [
        Route("GET", "/", _home, HubRole.VIEWER, "Home", kind="page"),
        Route("GET", "/api/secret", _secret, HubRole.VIEWER, "A secret"),
        Route("POST", "/api/secret", _secret, HubRole.VIEWER, "A change"),
        Route("GET", "/api/socket", _secret, HubRole.VIEWER, "A socket", kind="websocket"),
        *tunnel_routes(HubRole.VIEWER),
        *more,
    ]
    site = Site("Hutch hub", "hub", "hub", hub.people, frozenset({"localhost"}), cookie=COOKIE)
    app = make_application(site, routes)
    app[HUB] = hub
    vouching = Vouching(hub, lambda: name, lambda: time() + hub.clock[0])
    app[DEVICE_PAGES] = DevicePages(ports or hub.board, hub.people, vouching, idle=idle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield hub
    finally:
        await runner.cleanup()


def as_role(login: Somebody, role: str) -> Somebody:
    """The same login with another role."""
    return replace(login, visitor=replace(login.visitor, role=role))  # type: ignore[arg-type]

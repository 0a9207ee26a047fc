"""A node on a real port, and real devices' links over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hub.ports import DeviceRow, Unclaimed
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.limits import RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.commands import AnyCommand, SessionAck, SessionCreate, SessionSnapshotRequest
from protocol.events import AnyEvent, GatewayHello, GatewayProof, SessionSnapshot, SessionStarted
from protocol.link import (
    Abort,
    Close,
    Deliver,
    DeliverInput,
    DeliverNotice,
    DeviceAction,
    DeviceLink,
    Dial,
    Greet,
    SendBinary,
    SendPing,
    SendText,
)
from protocol.notices import AnyNotice, GatewayChallenge, GatewayUnclaimed, GatewayWelcome
from protocol.problems import ErrorAnswer, Problem, ProblemCode
from tests.unit.hub.routing.rig import Heard
from tests.unit.protocol.link.driver import HEALTH, HELLO

STATUS = {
    ProblemCode.INVALID_REQUEST: 400,
    ProblemCode.NOT_LOGGED_IN: 401,
    ProblemCode.FORBIDDEN: 403,
    ProblemCode.RATE_LIMITED: 429,
    ProblemCode.UNAVAILABLE: 503,
}
GOOD_SIGNATURE = bytes(64)
TOKEN = "secret"


class Doorman:
    """A gatekeeper with a short list. Keys: the signature of 64 zeros is right; claimed when the test says so."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.keys: set[str] = set()
        self.bootstrap: str | None = None
        self.claimed: asyncio.Queue[DeviceRow | None] = asyncio.Queue()
        self.waiting = 0
        self.places = 100

    def row(self, gateway_id: str) -> DeviceRow:
        return DeviceRow(gateway_id, 1, 1, f"the {gateway_id}")

    async def bearer(self, gateway_id: str, token: str, source: str) -> DeviceRow | None:
        return self.row(gateway_id) if self.tokens.get(gateway_id) == token else None

    def bootstraps(self, gateway_id: str, source: str) -> bool:
        return self.bootstrap is not None

    async def greeted(self, gateway_id: str, token: str, hello: GatewayHello, source: str) -> DeviceRow | None:
        return self.row(gateway_id) if hello.bootstrap_token == self.bootstrap else None

    def challenge(self) -> GatewayChallenge:
        return GatewayChallenge(nonce=bytes(32), hub="hub.example", time=datetime.now(UTC))

    async def prove(
        self, gateway_id: str, challenge: GatewayChallenge, proof: GatewayProof, source: str
    ) -> DeviceRow | Unclaimed:
        if proof.signature != GOOD_SIGNATURE:
            details = {"close": int(CloseCode.PROOF_WRONG)}
            raise Problem(ProblemCode.PROOF_WRONG, "The signature does not fit.", details)
        known = gateway_id in self.keys
        return self.row(gateway_id) if known else Unclaimed(gateway_id, proof.public_key, source)

    async def wait_claimed(self, unclaimed: Unclaimed) -> AsyncIterator[GatewayUnclaimed | DeviceRow]:
        if self.waiting >= self.places:
            raise Problem(ProblemCode.RATE_LIMITED, "Too many unclaimed devices wait.", {"retry_after": 60})
        self.waiting += 1
        try:
            for number in range(10):
                yield GatewayUnclaimed(
                    claim_code=f"ABCD-EFG{number}-H",
                    claim_url="https://hub.example/claim",
                    expires_at=datetime.now(UTC) + timedelta(minutes=10),
                    fingerprint="SHA256:x",
                )
                row = await self.claimed.get()
                if row is not None:
                    yield row
        finally:
            self.waiting -= 1

    def welcome(self, device: DeviceRow) -> GatewayWelcome:
        return GatewayWelcome(hub_key=bytes(32), name=device.name)


class Node:
    """One node of a hub, as far as routing goes."""

    def __init__(self, limits: RoutingLimits) -> None:
        self.wheel = Wheel.of_loop()
        self.heard = Heard()
        self.doorman = Doorman()
        self.connections = Connections(self.heard, self.wheel, limits)
        self.ports = LocalPorts(self.connections)
        self.admission = Admission(limits, self.wheel.now)
        self.door = Door(self.connections, self.doorman, self.admission, lambda request: request.remote or "")
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gw/connect"


@web.middleware
async def _explain(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return web.json_response(ErrorAnswer.of(problem).model_dump(mode="json"), status=STATUS[problem.code])


@asynccontextmanager
async def node_running(limits: RoutingLimits | None = None) -> AsyncIterator[Node]:
    """A node on a free port of the loopback."""
    node = Node(limits or RoutingLimits())
    app = web.Application(middlewares=[_explain])
    app.router.add_get("/gw/connect", node.door.connect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    node.port = runner.addresses[0][1]
    try:
        yield node
    finally:
        await node.connections.stop()
        await runner.cleanup()


class RealDevice:
    """A device's link over a real WebSocket. Carries commands out by nodding; ``screen_seq`` numbers its screens."""

    def __init__(self, node: Node, gateway_id: str = "gw") -> None:
        self.gateway_id = gateway_id
        self.hello = HELLO.model_copy(update={"gateway_id": gateway_id})
        self.link = DeviceLink(self.hello, random=lambda: 0.0)
        self.commands: list[AnyCommand] = []
        self.acks: list[int] = []
        self.typed = bytearray()
        self.notices: list[AnyNotice] = []
        self.screens: dict[str, int] = {}
        self.obeys = True
        self.closed: tuple[int, str] | None = None
        self._url = node.url
        self._ws: ClientConnection | None = None

    @property
    def ws(self) -> ClientConnection:
        assert self._ws is not None
        return self._ws

    @asynccontextmanager
    async def connected(self, token: str = TOKEN) -> AsyncIterator[RealDevice]:
        """Connect and greet; reads until left."""
        headers = {"Authorization": f"Bearer {token}", "X-Gateway-Id": self.gateway_id}
        async with connect(self._url, additional_headers=headers, compression=None, ping_interval=None) as ws:
            self._ws = ws
            assert self.link.start(0.0) == [Dial()]
            await self._carry_out(self.link.connected(0.0))
            reader = asyncio.create_task(self._read())
            try:
                yield self
            finally:
                reader.cancel()
                await asyncio.wait({reader})
                self.link.stop(self._now())

    async def output(self, session_id: str, payload: bytes) -> None:
        seq = self.screens.get(session_id, 0)
        self.screens[session_id] = seq + 1
        await self._carry_out(self.link.output(session_id, seq, payload, self._now()))

    async def say(self, event: AnyEvent) -> None:
        await self._carry_out(self.link.send(event, self._now()))

    async def _read(self) -> None:
        try:
            async for message in self.ws:
                if isinstance(message, str):
                    await self._carry_out(self.link.received_text(message, self._now()))
                else:
                    await self._carry_out(self.link.received_binary(message, self._now()))
        except ConnectionClosed:
            pass
        self.closed = (self.ws.close_code or 0, self.ws.close_reason or "")

    async def _carry_out(self, actions: list[DeviceAction]) -> None:
        for action in actions:
            match action:
                case SendText(text=text):
                    await self.ws.send(text)
                case SendBinary(data=data):
                    await self.ws.send(data)
                case Greet():
                    health = HEALTH.model_copy(update={"gateway_id": self.gateway_id})
                    screens = [self._screen(name) for name in self.screens]
                    await self._carry_out(self.link.greet(health, screens, self._now()))
                case Deliver():
                    await self._obey(action)
                case DeliverInput(frame=frame):
                    self.typed += frame.payload
                case DeliverNotice(notice=notice):
                    self.notices.append(notice)
                case Close(code=code, reason=reason):
                    await self.ws.close(code, reason)
                case SendPing() | Abort():
                    raise AssertionError("not within a test")
                case _:
                    pass

    async def _obey(self, delivered: Deliver) -> None:
        command = delivered.command
        self.commands.append(command)
        events: list[AnyEvent] = []
        match command:
            case _ if not self.obeys:
                return
            case SessionSnapshotRequest(session_id=session_id):
                events.append(self._screen(session_id).model_copy(update={"request_id": command.request_id}))
            case SessionCreate(session_id=session_id):
                self.screens[session_id] = 0
                events.append(SessionStarted(request_id=command.request_id, session_id=session_id))
            case SessionAck(seq=seq):
                self.acks.append(seq)
        await self._carry_out(self.link.succeed(delivered, *events, now=self._now()))

    def _screen(self, session_id: str) -> SessionSnapshot:
        return SessionSnapshot(session_id=session_id, content=f"{session_id}$ ", seq=self.screens.get(session_id, 0))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


async def until(done: Callable[[], bool], within: float = 5.0) -> None:
    """Wait until something is so, looking at every turn of the loop; fails when it does not become so."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while not done():
        assert loop.time() < end, "it did not happen in time"
        await asyncio.sleep(0.001)


def text_of(event: AnyEvent) -> str:
    return encode(event)

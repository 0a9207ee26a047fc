"""``hutch run`` in a process of its own, its key, its link over a real socket, and its pages through the hub's door."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar, UnixConnector, WSMsgType, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from foundation.web.context import source_of
from foundation.web.routing import Route
from hub.enrolment.proofs import check_proof
from hub.ports import DeviceRow, Unclaimed
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.limits import RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from hub.tunnel.keys import HubKey
from hub.tunnel.switch import StreamOpener
from protocol.events import AnyEvent, GatewayHello, GatewayProof
from protocol.frames import BinaryFrame, FrameKind
from protocol.notices import GatewayChallenge, GatewayUnclaimed, GatewayWelcome
from protocol.problems import Problem
from tests.device_process import DeviceProcess
from tests.doubles.small_hub import COOKIE, HubRole, SmallHub, running_hub
from tests.integration.webui.rig import Answered


@dataclass
class OpenGate:
    """Lets in every device that proves its key, and tells it the hub's."""

    key: HubKey
    host: str = ""

    async def bearer(self, gateway_id: str, token: str, source: str) -> DeviceRow | None:
        return None

    def bootstraps(self, gateway_id: str, source: str) -> bool:
        return False

    async def greeted(self, gateway_id: str, token: str, hello: GatewayHello, source: str) -> DeviceRow | None:
        return None

    def challenge(self) -> GatewayChallenge:
        return GatewayChallenge(nonce=secrets.token_bytes(32), hub=self.host, time=datetime.now(UTC))

    async def prove(
        self, gateway_id: str, challenge: GatewayChallenge, proof: GatewayProof, source: str
    ) -> DeviceRow | Unclaimed:
        now = datetime.now(UTC)
        check_proof(challenge, gateway_id, proof, key=proof.public_key, hosts=[self.host], now=now)
        return DeviceRow(gateway_id, 1, 1, "box")

    async def wait_claimed(self, unclaimed: Unclaimed) -> AsyncIterator[GatewayUnclaimed | DeviceRow]:
        if unclaimed.public_key:
            raise AssertionError("every device is known here")
        yield DeviceRow(unclaimed.gateway_id, 1, 1, "nobody")

    def welcome(self, device: DeviceRow) -> GatewayWelcome:
        return GatewayWelcome(hub_key=self.key.public_bytes, name=device.name)


@dataclass
class Heard:
    """Who came, and with which hello."""

    came: asyncio.Future[GatewayHello] = field(default_factory=asyncio.Future)

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        if not self.came.done():
            self.came.set_result(hello)

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None: ...

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None: ...

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None: ...


@dataclass
class Scene:
    hub: SmallHub
    device: DeviceProcess
    device_id: str
    session: ClientSession

    def url(self, path: str) -> str:
        return f"{self.hub.url}/devices/{self.device_id}{path}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}=ann", "Origin": self.hub.origin}

    async def ask(self, method: str, path: str, body: object = None, csrf: str = "") -> Answered:
        headers = {**self.headers, "X-CSRF-Token": csrf}
        async with self.session.request(method, self.url(path), headers=headers, json=body) as answer:
            return await Answered.read(answer)

    async def on_device(self, method: str, path: str, body: object = None) -> Answered:
        """As its owner, at the device's own console."""
        async with (
            ClientSession(connector=UnixConnector(str(self.device.data / "console.sock"))) as session,
            session.request(method, f"http://localhost{path}", json=body) as answer,
        ):
            return await Answered.read(answer)


@asynccontextmanager
async def _running_device(data: Path, hub_url: str) -> AsyncIterator[DeviceProcess]:
    device = DeviceProcess(data, {"HUTCH_HUB": hub_url, "HUTCH_SHELL": "/bin/sh"})
    try:
        await asyncio.to_thread(device.start)
        yield device
    finally:
        await asyncio.to_thread(device.close)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    key, heard, limits, wheel = HubKey(Ed25519PrivateKey.generate()), Heard(), RoutingLimits(), Wheel.of_loop()
    connections, gate = Connections(heard, wheel, limits), OpenGate(key)
    door = Door(connections, gate, Admission(limits, wheel.now), source_of)

    async def connect(request: web.Request) -> web.StreamResponse:
        return await door.connect(request)

    link: Route[HubRole] = Route("GET", "/gw/connect", connect, None, "The link", kind="websocket")
    ports = LocalPorts(connections, StreamOpener())
    async with running_hub("hub.example.org", key, time.time, ports=ports, more=[link]) as hub:
        hub.people.add("ann")
        gate.host = hub.url.removeprefix("http://")
        hub.name = gate.host
        try:
            async with (
                _running_device(tmp_path / "data", hub.url) as device,
                ClientSession(cookie_jar=DummyCookieJar()) as session,
            ):
                async with asyncio.timeout(30):
                    hello = await heard.came
                assert "streams/1" in (hello.features or ())
                yield Scene(hub, device, hello.gateway_id, session)
        finally:
            await connections.stop()


async def test_a_whole_visit(scene: Scene) -> None:
    me = await scene.ask("GET", "/api/auth/me")
    assert me.status == 200, me.json
    assert (me.json["user"]["name"], me.json["user"]["role"]) == ("ann (hub)", "admin")
    csrf = me.json["csrf_token"]

    started = await scene.ask("POST", "/api/sessions", {"name": "shell"}, csrf)
    assert started.status == 201, started.json
    session_id = started.json["id"]
    async with scene.session.ws_connect(
        scene.url(f"/api/sessions/{session_id}/terminal"), headers=scene.headers
    ) as terminal:
        assert json.loads((await terminal.receive()).data)["type"] == "session.snapshot"
        await terminal.send_bytes(BinaryFrame(FrameKind.INPUT, session_id, 0, b"echo $((6*7))abc\n").encode())
        seen = b""
        while b"42abc" not in seen:
            message = await terminal.receive()
            assert message.type in (WSMsgType.BINARY, WSMsgType.TEXT), message
            if message.type is WSMsgType.BINARY:
                seen += BinaryFrame.decode(message.data).payload

        inside = await scene.on_device("GET", "/api/hub")
        assert [(one["name"], one["role"], one["open_sockets"]) for one in inside.json["visitors"]] == [
            ("ann", "admin", 1)
        ]
        assert (await scene.ask("PUT", "/api/hub/policy", {"allows": ["pages"]}, csrf)).code == "forbidden"

        changed = await scene.on_device("PUT", "/api/hub/policy", {"allows": ["terminals"]})
        assert changed.status == 200, changed.json
        while (message := await terminal.receive()).type in (WSMsgType.BINARY, WSMsgType.TEXT):
            pass
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)
    refused = await scene.ask("GET", "/")
    assert (refused.status, refused.code) == (403, "forbidden")


async def test_a_stream_of_megabytes_over_the_link(scene: Scene) -> None:
    csrf = (await scene.ask("GET", "/api/auth/me")).json["csrf_token"]
    data = secrets.token_bytes(5 * 1024 * 1024)
    begun = await scene.ask("POST", "/api/files/uploads", {"path": "big.bin", "size": len(data)}, csrf)
    size, transfer = begun.json["chunk_size"], begun.json["transfer_id"]
    for seq in range(begun.json["total_chunks"]):
        headers = {**scene.headers, "X-CSRF-Token": csrf, "Content-Type": "application/octet-stream"}
        address = scene.url(f"/api/files/uploads/{transfer}/chunks/{seq}")
        async with scene.session.put(address, headers=headers, data=data[seq * size : (seq + 1) * size]) as answer:
            assert answer.status < 300
    assert (await scene.ask("POST", f"/api/files/uploads/{transfer}/end", {}, csrf)).status < 300
    assert (await scene.ask("GET", "/api/files/content?path=big.bin")).body == data


async def test_the_sockets_of_the_device_are_private(scene: Scene) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in scene.device.data.glob("*.sock")}
    assert modes == {"console.sock": 0o600, "hub.sock": 0o600}

"""Who is let in, and how the others are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hub.routing.limits import RoutingLimits
from protocol.codec import encode, parse_from_hub
from protocol.events import GatewayProof
from protocol.notices import GatewayChallenge, GatewayUnclaimed, GatewayWelcome
from tests.integration.hub.routing.rig import GOOD_SIGNATURE, Node, RealDevice, node_running, text_of, until

GOOD = {
    "Authorization": "Bearer secret",
    "X-Gateway-Id": "gw",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
REFUSED: dict[str, tuple[dict[str, str], int]] = {
    "nobody": ({"Authorization": ""}, 401),
    "wrong token": ({"Authorization": "Bearer wrong"}, 401),
    "no token": ({"Authorization": "Bearer "}, 401),
    "long token": ({"Authorization": "Bearer " + "x" * 5000}, 401),
    "other scheme": ({"Authorization": "Basic c2VjcmV0"}, 401),
    "another's token": ({"X-Gateway-Id": "other"}, 401),
    "no id": ({"X-Gateway-Id": ""}, 400),
    "bad id": ({"X-Gateway-Id": "gw/../x"}, 400),
    "long id": ({"X-Gateway-Id": "g" * 129}, 400),
    "no upgrade": ({"Upgrade": "h2c"}, 400),
    "old version": ({"Sec-WebSocket-Version": "8"}, 400),
    "bad key": ({"Sec-WebSocket-Key": "short"}, 400),
}


@pytest.mark.parametrize(("change", "status"), REFUSED.values(), ids=REFUSED)
async def test_refused_with_a_status_and_a_sentence(change: dict[str, str], status: int) -> None:
    async with node_running() as node, ClientSession() as http:
        node.doorman.tokens["gw"] = "secret"
        url = node.url.replace("ws://", "http://")
        async with http.get(url, headers=GOOD | change) as answer:
            assert answer.status == status
            error = (await answer.json())["error"]
            assert error["message"].endswith(".")
            assert "secret" not in json.dumps(error)
        assert node.connections.stats.refused_connects == (status == 401)
        assert node.heard.log == []


async def test_too_many_failures_are_refused_unheard() -> None:
    async with node_running(RoutingLimits(failures_per_minute=3)) as node:
        node.doorman.tokens["gw"] = "secret"
        statuses = []
        for token in ("a", "b", "c", "secret"):
            with pytest.raises(InvalidStatus) as raised:
                async with RealDevice(node).connected(token):
                    pass
            statuses.append(raised.value.response.status_code)
        assert statuses == [401, 401, 401, 429]


@asynccontextmanager
async def by_key(node: Node, gateway_id: str = "gw") -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": "Hutch-Key", "X-Gateway-Id": gateway_id}
    async with connect(node.url, additional_headers=headers, compression=None) as ws:
        challenge = parse_from_hub(await ws.recv())
        assert isinstance(challenge, GatewayChallenge)
        yield ws


def proof(signature: bytes = GOOD_SIGNATURE) -> str:
    return encode(GatewayProof(public_key=bytes(32), time=datetime.now(UTC), signature=signature))


async def test_a_known_key_is_welcome() -> None:
    async with node_running() as node:
        node.doorman.keys.add("gw")
        async with by_key(node) as ws:
            await ws.send(proof())
            welcome = parse_from_hub(await ws.recv())
            assert isinstance(welcome, GatewayWelcome)
            assert welcome.name == "the gw"
            assert not node.ports.online("gw")
            await ws.send(text_of(RealDevice(node).hello))
            await until(lambda: node.ports.online("gw"))
        assert node.admission.pending == 0


async def test_a_wrong_proof_is_told_by_its_code() -> None:
    async with node_running(RoutingLimits(failures_per_minute=1)) as node:
        node.doorman.keys.add("gw")
        async with by_key(node) as ws:
            await ws.send(proof(b"\1" * 64))
            with pytest.raises(ConnectionClosed):
                await ws.recv()
            assert (ws.close_code, ws.close_reason) == (4401, "The signature does not fit.")
        with pytest.raises(InvalidStatus):
            async with by_key(node):
                pass


FIRST_MESSAGES = {
    "garbage": ("garbage", 1008),
    "no type": ("{}", 1008),
    "something else": ('{"type": "ack", "request_id": "r1", "ok": true}', 4401),
}


@pytest.mark.parametrize(("message", "code"), FIRST_MESSAGES.values(), ids=FIRST_MESSAGES)
async def test_something_else_than_a_proof(message: str, code: int) -> None:
    async with node_running() as node, by_key(node) as ws:
        await ws.send(message)
        with pytest.raises(ConnectionClosed):
            await ws.recv()
        assert ws.close_code == code
        assert node.admission.pending == 0


async def test_an_unclaimed_device_waits_and_is_let_in() -> None:
    async with node_running() as node, by_key(node) as ws:
        await ws.send(proof())
        first = parse_from_hub(await ws.recv())
        assert isinstance(first, GatewayUnclaimed)
        node.doorman.claimed.put_nowait(None)
        second = parse_from_hub(await ws.recv())
        assert isinstance(second, GatewayUnclaimed)
        assert first.claim_code != second.claim_code
        assert node.admission.pending == 0
        node.doorman.claimed.put_nowait(node.doorman.row("gw"))
        assert isinstance(parse_from_hub(await ws.recv()), GatewayWelcome)
        await ws.send(text_of(RealDevice(node).hello))
        await until(lambda: node.ports.online("gw"))
        assert node.doorman.waiting == 0


async def test_an_unclaimed_device_that_goes_is_forgotten() -> None:
    async with node_running() as node:
        async with by_key(node) as ws:
            await ws.send(proof())
            await ws.recv()
            assert node.doorman.waiting == 1
        await until(lambda: node.doorman.waiting == 0)


async def test_an_unclaimed_device_that_talks_too_much_is_cut() -> None:
    async with node_running() as node, by_key(node) as ws:
        await ws.send(proof())
        for _ in range(20):
            await ws.send("let me in")
        await ws.wait_closed()
        assert ws.close_code == 1008


async def test_an_unclaimed_device_for_which_the_gatekeeper_has_no_place_is_told_to_come_later() -> None:
    async with node_running() as node, by_key(node, "a") as one:
        node.doorman.places = 1
        await one.send(proof())
        await one.recv()
        async with by_key(node, "b") as two:
            await two.send(proof())
            with pytest.raises(ConnectionClosed):
                await two.recv()
            assert two.close_code == 4429


async def test_strangers_of_one_address_are_bounded() -> None:
    async with node_running(RoutingLimits(pending_per_source=1)) as node, by_key(node, "a"):
        with pytest.raises(InvalidStatus) as raised:
            async with by_key(node, "b"):
                pass
        assert raised.value.response.status_code == 429


async def test_a_bootstrap_token_in_the_hello() -> None:
    async with node_running() as node:
        node.doorman.bootstrap = "once"
        headers = {"Authorization": "Bearer mine", "X-Gateway-Id": "gw"}
        for token, code in (("wrong", 4401), (None, 4401)):
            async with connect(node.url, additional_headers=headers) as ws:
                await ws.send(text_of(RealDevice(node).hello.model_copy(update={"bootstrap_token": token})))
                with pytest.raises(ConnectionClosed):
                    await ws.recv()
                assert ws.close_code == code
        async with connect(node.url, additional_headers=headers) as ws:
            await ws.send(text_of(RealDevice(node).hello.model_copy(update={"bootstrap_token": "once"})))
            await until(lambda: node.ports.online("gw"))


async def test_a_hundred_at_once() -> None:
    async with node_running() as node:
        names = [f"gw-{number}" for number in range(100)]
        node.doorman.keys.update(names)

        async def enter(name: str) -> None:
            async with by_key(node, name) as ws:
                await ws.send(proof())
                assert isinstance(parse_from_hub(await ws.recv()), GatewayWelcome)
                await ws.send(text_of(RealDevice(node, name).hello))
                await until(lambda: node.ports.online(name))

        async with asyncio.timeout(20):
            await asyncio.gather(*map(enter, names))
        assert node.connections.stats.connects == 100

"""The proxy in front of a device that does not behave: headers, half answers, silence, floods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, DummyCookieJar
from aiohttp.test_utils import make_mocked_request
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from hub.tunnel.keys import HubKey, Vouching
from hub.tunnel.proxy import MAX_BODY, DevicePages
from protocol.problems import Problem, ProblemCode
from protocol.streams.limits import MAX_STREAMS
from tests.doubles.evil_device import EvilDevice, running_evil
from tests.doubles.small_hub import COOKIE, SmallHub, running_hub
from tests.integration.webui.rig import Answered


@dataclass
class Scene:
    hub: SmallHub
    evil: EvilDevice
    session: ClientSession

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, data: bytes = b"") -> Answered:
        sent = {"Cookie": f"{COOKIE}=ann", "Origin": self.hub.origin, **(headers or {})}
        address = URL(f"{self.hub.url}/devices/evil{path}", encoded=True)
        async with self.session.request(
            method, address, headers=sent, data=data or None, allow_redirects=False
        ) as answer:
            return await Answered.read(answer)


IMPATIENT = 0.3


@asynccontextmanager
async def a_scene(tmp_path: Path, idle: float) -> AsyncIterator[Scene]:
    """A hub that gives up a stream on which nothing moves for ``idle`` seconds, and the evil device."""
    key = HubKey(Ed25519PrivateKey.generate())
    async with (
        running_hub("hub.example.org", key, time.time, idle=idle) as hub,
        running_evil(hub, tmp_path / "evil.sock", "evil") as evil,
        ClientSession(cookie_jar=DummyCookieJar()) as session,
    ):
        hub.people.add("ann")
        yield Scene(hub, evil, session)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(tmp_path, idle=60.0) as scene:
        yield scene


async def test_what_a_device_gets_to_see(scene: Scene) -> None:
    secrets = {
        "Authorization": "Bearer of-the-hub",
        "Proxy-Authorization": "Basic x",
        "X-Forwarded-For": "10.0.0.9",
        "X-Auth-Request-Access-Token": "of-a-proxy",
        "X-Hutch-Assertion": "forged",
        "Referer": f"{scene.hub.url}/fleet/secret",
        "Forwarded": "for=10.0.0.9",
        "TE": "trailers",
    }
    kept = {"Range": "bytes=0-1", "If-None-Match": '"x"', "Last-Event-ID": "7", "X-CSRF-Token": "t"}
    await scene.ask("GET", "/some%20path?a=%2F&a=2", {**secrets, **kept})
    [(method, path, headers)] = scene.evil.seen
    assert (method, path) == ("GET", "/some%20path?a=%2F&a=2")
    assert not {"Authorization", "Cookie", "Referer", "TE", "X-Forwarded-For", "Forwarded"} & headers.keys()
    assert "of-a-proxy" not in headers.values()
    assert headers["X-Hutch-Assertion"].count(".") == 2
    assert {name: headers[name] for name in kept} == kept
    assert headers["Host"] == scene.hub.origin.removeprefix("http://")


async def test_a_service_worker_s_script_is_not_fetched(scene: Scene) -> None:
    answer = await scene.ask("GET", "/worker.js", {"Service-Worker": "script"})
    assert (answer.status, answer.code, scene.evil.seen) == (403, "forbidden", [])


async def test_the_browser_is_not_asked_for_a_password(scene: Scene) -> None:
    answer = await scene.ask("GET", "/login")
    assert (answer.status, "Www-Authenticate" in answer.headers) == (502, False)


async def test_half_an_answer_does_not_look_whole(scene: Scene) -> None:
    with pytest.raises(ClientError):
        await scene.ask("GET", "/half")


async def test_a_device_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async with a_scene(tmp_path, IMPATIENT) as scene:
        answer = await scene.ask("GET", "/silent")
    assert (answer.status, answer.code) == (503, "unavailable")


async def test_too_much_at_once_is_refused_before_it_is_sent(scene: Scene) -> None:
    pages = DevicePages(scene.hub.board, scene.hub.people, Vouching(scene.hub, lambda: "hub.example.org"))
    request = make_mocked_request("POST", "/devices/evil/x", headers={"Content-Length": str(MAX_BODY + 1)})
    with pytest.raises(Problem) as caught:
        await pages.show(request)
    assert caught.value.code is ProblemCode.TOO_LARGE


async def test_a_body_without_a_length(scene: Scene) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(1000)

    address = f"{scene.hub.url}/devices/evil/x"
    headers = {"Cookie": f"{COOKIE}=ann", "Origin": scene.hub.origin}
    async with scene.session.post(address, headers=headers, data=body()) as answer:
        assert (answer.status, await answer.text()) == (200, "of the device")


async def test_more_requests_than_streams(scene: Scene) -> None:
    board = scene.hub.board
    taken = [await board.opener.open(board.carriers["evil"]) for _ in range(MAX_STREAMS)]
    answer = await scene.ask("GET", "/x")
    assert (answer.status, answer.code) == (409, "too_many")
    await asyncio.gather(*(stream.close() for stream in taken))
    assert (await scene.ask("GET", "/x")).status == 200


async def test_an_address_without_its_slash(scene: Scene) -> None:
    answer = await scene.ask("GET", "?x=1")
    assert (answer.status, answer.headers["Location"]) == (308, "/devices/evil/?x=1")


async def test_another_site_s_page_gets_nowhere(scene: Scene) -> None:
    for headers in ({"Origin": "https://evil.example.org"}, {"Origin": "null"}):
        assert (await scene.ask("GET", "/x", headers)).code == "origin_refused"
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Cookie": f"{COOKIE}=ann"}
    async with scene.session.get(f"{scene.hub.url}/devices/evil/x", headers=upgrade) as answer:
        assert answer.status == 403
    assert scene.evil.seen == []

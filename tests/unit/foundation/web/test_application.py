"""Another application than the device's on the same web: roles, scopes, an authority and a cookie of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

import pytest
from aiohttp import ClientResponse, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from foundation.web.addresses import url
from foundation.web.answers import nothing
from foundation.web.application import make_application
from foundation.web.context import AuditNote, Login, login_of, note
from foundation.web.routing import AnyRoute, Route
from foundation.web.security.cookies import set_login_cookie
from foundation.web.security.hosts import host_names
from foundation.web.security.secrets import shown_secret
from foundation.web.site import Frame, NavItem, Notice, Pages, Site
from protocol.problems import Problem, ProblemCode

Client = TestClient[web.Request, web.Application]


class Right(StrEnum):
    """What somebody may do with a device."""

    SEE = "see"
    CHANGE = "change"


@dataclass(frozen=True)
class Member:
    """A login of this application."""

    name: str
    devices: frozenset[str]
    csrf: str = "csrf-of-mia"


@dataclass
class Members:
    """Knows one person, and the devices they may work with."""

    records: list[tuple[str | None, str | None, str, str | None]] = field(default_factory=list)

    async def identify(self, request: web.Request) -> Member | None:
        return Member("mia", frozenset({"one"})) if shown_secret(request) == "secret-of-mia" else None

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        if not isinstance(login, Member):
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
        if route.scope == "device" and request.match_info["device_id"] not in login.devices:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such device.")
        if route.role is Right.CHANGE:
            raise Problem(ProblemCode.FORBIDDEN, "This needs more.")

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        self.records.append((route.audit, note.target, result, note.who))


async def show(request: web.Request) -> web.Response:
    """The device."""
    return web.json_response({"who": login_of(request).name, "address": url(request, "/here")})


async def log_in(request: web.Request) -> web.Response:
    """Log in."""
    note(request).who = "mia"
    response = nothing()
    set_login_cookie(request, response, "secret-of-mia", timedelta(hours=1))
    return response


ROUTES = [
    Route("GET", "/api/devices/{device_id}", show, Right.SEE, "Show a device", scope="device"),
    Route("POST", "/api/devices/{device_id}", show, Right.SEE, "Wake", "device.wake", scope="device"),
    Route("DELETE", "/api/devices/{device_id}", show, Right.CHANGE, "Drop", "device.drop", scope="device"),
    Route[Right]("POST", "/api/login", log_in, None, "Log in", "login"),
]
PAGES = Pages(
    package="foundation.web",
    frame=lambda _: Frame(nav=(NavItem("fleet", "/", "Fleet", "hub"),)),
    notices={"done": Notice("Done.")},
    main="src/hub/main.ts",
)
BEARER = {"Authorization": "Bearer secret-of-mia"}


def site_for(members: Members) -> Site:
    return Site(
        title="Hutch hub",
        noun="hub",
        name="fleet",
        authority=members,
        hosts=host_names("hub", frozenset()),
        cookie="hutch_hub",
    )


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[Client]:
    # The pages read their templates' folders.
    app = await asyncio.to_thread(make_application, site, ROUTES)
    client = TestClient(TestServer(app), cookie_jar=DummyCookieJar())
    await client.start_server()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
def members() -> Members:
    return Members()


@pytest.fixture
async def client(members: Members) -> AsyncIterator[Client]:
    async with served(site_for(members)) as client:
        yield client


async def code(response: ClientResponse) -> str:
    body = await response.json()
    return str(body["error"]["code"])


async def test_the_authority_is_asked_with_what_the_path_names(client: Client) -> None:
    async with client.get("/api/devices/one", headers=BEARER) as response:
        assert await response.json() == {"who": "mia", "address": "/here"}
    async with client.get("/api/devices/two", headers=BEARER) as response:
        assert (response.status, await code(response)) == (404, "not_found")
    async with client.get("/api/devices/one") as response:
        assert (response.status, await code(response)) == (401, "not_logged_in")


async def test_every_change_is_recorded_with_its_result(client: Client, members: Members) -> None:
    for method, path in (("POST", "one"), ("POST", "two"), ("DELETE", "one")):
        async with client.request(method, f"/api/devices/{path}", headers=BEARER):
            pass
    async with client.post("/api/login") as response:
        assert response.status == 204
    assert members.records == [
        ("device.wake", "one", "ok", None),
        ("device.wake", "two", "not_found", None),
        ("device.drop", "one", "forbidden", None),
        ("login", "", "ok", "mia"),
    ]


async def test_its_cookie_has_its_own_name_and_needs_the_csrf_token(client: Client) -> None:
    async with client.post("/api/login") as response:
        cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("hutch_hub=secret-of-mia; HttpOnly; Max-Age=3600; Path=/;")
    shown = {"Cookie": cookie.partition(";")[0]}
    async with client.post("/api/devices/one", headers=shown) as response:
        assert await code(response) == "csrf_refused"
    async with client.post("/api/devices/one", headers={**shown, "X-CSRF-Token": "csrf-of-mia"}) as response:
        assert response.status == 200


async def test_problems_speak_of_what_it_is(client: Client) -> None:
    async with client.get("/api/devices/one", headers={"Host": "evil.example"}) as response:
        assert (await response.json())["error"]["message"].startswith("This hub does not answer")


async def test_a_prefix_that_is_no_path_counts_for_nothing(members: Members) -> None:
    given = replace(site_for(members), prefix_of=lambda request: request.headers.get("X-Test-Prefix", ""))
    async with served(given) as client:
        for prefix, address in (("/devices/x", "/devices/x/here"), ("//evil.example", "/here"), ("", "/here")):
            headers = {**BEARER, "X-Test-Prefix": prefix}
            async with client.get("/api/devices/one", headers=headers) as response:
                assert (await response.json())["address"] == address


async def test_its_pages_stand_in_the_shared_frame(members: Members) -> None:
    async with served(replace(site_for(members), pages=PAGES)) as client:
        headers = {**BEARER, "Accept": "text/html"}
        async with client.get("/nothing", headers=headers) as response:
            page = await response.text()
    assert response.status == 404
    assert "<title>There is nothing here · fleet</title>" in page
    assert "Hutch hub on fleet" in page

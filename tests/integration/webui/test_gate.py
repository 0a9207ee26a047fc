"""Every route of the table against everybody who must not get through."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from foundation.web.routing import AnyRoute
from gateway.accounts.types import Role
from tests.integration.webui.rig import Answered, Rig
from webui.routes import ROUTES

_GATE = {"not_logged_in", "forbidden", "csrf_refused", "origin_refused", "host_refused", "setup_needed"}
_UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def address(route: AnyRoute) -> str:
    """An address of the route that names nothing that is there."""
    return re.sub(r"\{[^}]+\}", "999", route.path)


async def knock(rig: Rig, route: AnyRoute, headers: dict[str, str]) -> str | None:
    """The code of the gate's refusal; None where the request got through to its handler."""
    sent = {**headers, **(_UPGRADE if route.kind == "websocket" else {})}
    async with rig.client.request(route.method, address(route), headers=sent, allow_redirects=False) as response:
        if route.kind == "stream" and response.status == 200:
            return None
        answered = await Answered.read(response)
    return answered.code if answered.code in _GATE else None


async def test_every_route_as_every_role_and_as_nobody(rig: Rig) -> None:
    wrong = []
    for route in ROUTES:
        for role in (None, *Role):
            headers = {}
            if role is not None:
                await rig.log_in(role)
                headers = rig.bearer(role)
            expected = None
            if route.role is not None:
                expected = "not_logged_in" if role is None else None if role.may(route.role) else "forbidden"
            found = await knock(rig, route, headers)
            if found != expected:
                wrong.append(f"{route.method} {route.path} as {role}: {found}, not {expected}")
    assert wrong == []


async def test_every_route_with_a_foreign_host(rig: Rig) -> None:
    got = {route.path: await knock(rig, route, {**rig.bearer(), "Host": "evil.example"}) for route in ROUTES}
    assert set(got.values()) == {"host_refused"}, got


async def test_every_route_with_a_foreign_origin(rig: Rig) -> None:
    for origin in ("http://evil.example", "null", rig.origin.replace("http", "https"), f"{rig.origin}.evil.example"):
        got = {route.path: await knock(rig, route, {**rig.cookie(), "Origin": origin}) for route in ROUTES}
        assert set(got.values()) == {"origin_refused"}, (origin, got)


async def test_every_change_by_cookie_needs_the_csrf_token(rig: Rig) -> None:
    for headers in (rig.cookie(csrf=False), {**rig.cookie(), "X-CSRF-Token": "wrong"}):
        got = {
            f"{route.method} {route.path}": await knock(rig, route, headers)
            for route in ROUTES
            if route.method != "GET" and route.role is not None
        }
        assert set(got.values()) == {"csrf_refused"}, got


async def test_a_cookie_with_its_csrf_token_may_change_things(rig: Rig) -> None:
    answered = await rig.call("POST", "/api/tokens", role=None, headers=rig.cookie(), json={"label": "ci"})
    assert answered.status == 201


async def test_a_websocket_with_a_cookie_needs_an_origin(rig: Rig) -> None:
    headers = rig.cookie()
    del headers["Origin"]
    route = next(route for route in ROUTES if route.kind == "websocket")
    assert await knock(rig, route, headers) == "origin_refused"


async def test_a_change_that_the_browser_calls_foreign_is_refused(rig: Rig) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answered = await rig.call("POST", "/api/auth/login", role=None, headers=headers, json={})
    assert (answered.status, answered.code) == (403, "origin_refused")


async def test_strangers_cannot_tell_what_is_there(rig: Rig) -> None:
    there = await rig.call("GET", "/api/people", role=None)
    not_there = await rig.call("GET", "/api/nothing", role=None)
    wrong_method = await rig.call("PUT", "/api/people", role=None)
    assert there.json == not_there.json == wrong_method.json
    assert there.status == 401


async def test_unknown_addresses_and_methods(rig: Rig) -> None:
    assert (await rig.call("GET", "/api/nothing")).code == "not_found"
    wrong = await rig.call("PUT", "/api/people")
    assert (wrong.status, wrong.code, wrong.headers["Allow"]) == (405, "method_not_allowed", "GET, HEAD, POST")


async def test_no_spelling_of_a_path_gets_around_the_gate(rig: Rig) -> None:
    paths = ["/api/%70eople", "//api/people", "/api//people", "/api/./people", "/health/../api/people", "/api/people/"]
    paths += ["/api%2fpeople", "/API/PEOPLE", "/api/people;x", "http://evil.example/api/people", "/api/people%00"]
    heads = {path: await rig.raw("GET", path, rig.bearer(Role.VIEWER)) for path in paths}
    assert {path: head for path, head in heads.items() if head not in ("403", "404", "400")} == {}
    assert heads["/api/%70eople"] == "403"


async def test_a_wrong_bearer_token_is_not_saved_by_a_cookie(rig: Rig) -> None:
    headers = {**rig.cookie(), "Authorization": "Bearer hutch_wrong"}
    assert (await rig.call("GET", "/api/auth/me", role=None, headers=headers)).code == "not_logged_in"


async def test_before_the_setup_everything_says_so(fresh: Rig) -> None:
    assert (await fresh.call("GET", "/api/people", role=None)).code == "setup_needed"
    assert (await fresh.call("GET", "/health", role=None)).status == 200


async def test_too_large_bodies_are_refused_with_and_without_a_length(rig: Rig) -> None:
    body = b'{"label": "' + b"x" * 20_000 + b'"}'
    json_type = {"Content-Type": "application/json"}
    told = await rig.call("POST", "/api/tokens", headers=json_type, data=body)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]

    chunked = await rig.call("POST", "/api/tokens", headers=json_type, data=pieces())
    assert (told.status, told.code) == (chunked.status, chunked.code) == (413, "too_large")
    assert (await rig.call("GET", "/api/auth/me")).status == 200


async def test_every_answer_has_the_security_headers(rig: Rig) -> None:
    for answered in (
        await rig.call("GET", "/health", role=None),
        await rig.call("GET", "/api/people"),
        await rig.call("GET", "/api/nothing"),
        await rig.call("GET", "/api/people", role=None),
    ):
        policy = answered.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        assert answered.headers["Cache-Control"] == "no-store"
        assert answered.headers["Referrer-Policy"] == "same-origin"
        assert answered.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answered.headers["Server"] == "hutch"
        assert len(answered.headers["X-Request-Id"]) == 16

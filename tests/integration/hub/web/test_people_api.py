"""The hub's people by REST, as browsers and programs use it."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest
from aiohttp import ClientResponse

from foundation.web.streams.live import LIVE, Ending
from protocol.problems import ErrorAnswer, ProblemCode
from tests.integration.hub.rig import PASSWORD, Rig


async def problem(response: ClientResponse) -> ProblemCode:
    return ErrorAnswer.model_validate_json(await response.read()).error.code


@pytest.fixture
async def ready(rig: Rig) -> Rig:
    """A hub that ann owns."""
    code = await asyncio.to_thread(rig.world.setup_code.ensure)
    body = {"code": code, "username": "Ann", "password": PASSWORD, "organisation": "Work"}
    async with rig.client.post("/api/setup", json=body) as response:
        assert response.status == 201
        answer = await response.json()
        cookie = response.cookies["hutch_hub"]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        assert cookie.value == answer["access_token"]
    rig.secrets["ann"] = answer["access_token"]
    return rig


async def invited(rig: Rig, name: str, role: str, group: int | None = None) -> None:
    body = {"name": name, "role": role, "group_id": group}
    async with await rig.as_("ann", "POST", "/api/organisations/1/invitations", body) as response:
        assert response.status == 201
        made = await response.json()
    assert made["link"] == f"{rig.origin}/invitation#{made['secret']}"
    async with rig.client.post(
        "/api/invitations/accept", json={"secret": made["secret"], "password": PASSWORD}
    ) as response:
        assert response.status == 201
        rig.secrets[name] = (await response.json())["access_token"]


async def test_who_one_is_and_what_one_may(ready: Rig) -> None:
    async with await ready.as_("ann", "GET", "/api/auth/me") as response:
        me = await response.json()
    assert (me["user"]["name"], me["user"]["administrator"], me["administration"]) == ("ann", True, "owner")
    assert me["grants"] == [{"organisation_id": 1, "group_id": None, "role": "owner"}]
    async with await ready.as_("ann", "POST", "/api/auth/logout") as response:
        assert response.status == 204
    async with await ready.as_("ann", "GET", "/api/auth/me") as response:
        assert await problem(response) is ProblemCode.NOT_LOGGED_IN


async def test_a_browser_needs_the_token_of_its_login_for_changes(ready: Rig) -> None:
    headers = {"Cookie": f"hutch_hub={ready.secrets['ann']}", "Origin": ready.origin}
    async with ready.client.post("/api/auth/logout", headers=headers) as response:
        assert await problem(response) is ProblemCode.CSRF_REFUSED
    identity = await ready.world.again(ready.secrets["ann"])
    headers["X-CSRF-Token"] = identity.csrf
    async with ready.client.post("/api/auth/logout", headers={**headers, "Origin": "https://evil.example"}) as response:
        assert await problem(response) is ProblemCode.ORIGIN_REFUSED
    async with ready.client.get("/api/auth/me", headers={"Host": "evil.example"}) as response:
        assert await problem(response) is ProblemCode.HOST_REFUSED
    async with ready.client.post("/api/auth/logout", headers=headers) as response:
        assert response.status == 204
    # The device on the same host has a cookie of its own.
    async with ready.client.get(
        "/api/auth/me", headers={"Cookie": f"hutch_session={ready.secrets['ann']}"}
    ) as response:
        assert await problem(response) is ProblemCode.NOT_LOGGED_IN


async def test_members_and_groups(ready: Rig) -> None:
    async with await ready.as_("ann", "POST", "/api/organisations/1/groups", {"name": "Shop"}) as response:
        shop = (await response.json())["id"]
    await invited(ready, "bob", "viewer", shop)
    async with await ready.as_("bob", "GET", "/api/groups") as response:
        [group] = (await response.json())["groups"]
        assert (group["id"], group["role"]) == (shop, "viewer")
    async with await ready.as_("bob", "GET", "/api/organisations") as response:
        assert [one["role"] for one in (await response.json())["organisations"]] == [None]
    async with await ready.as_("ann", "PUT", f"/api/groups/{shop}/members/2", {"role": "owner"}) as response:
        assert response.status == 200
    async with await ready.as_("bob", "PATCH", f"/api/groups/{shop}", {"name": "Store"}) as response:
        assert response.status == 204
    async with await ready.as_("ann", "DELETE", f"/api/groups/{shop}/members/2") as response:
        assert response.status == 204
    async with await ready.as_("bob", "GET", f"/api/groups/{shop}") as response:
        assert await problem(response) is ProblemCode.NOT_FOUND
    async with await ready.as_("ann", "DELETE", "/api/organisations/1/members/1") as response:
        assert await problem(response) is ProblemCode.CONFLICT


async def test_what_stands_on_a_login_ends_when_its_role_changes(ready: Rig) -> None:
    await invited(ready, "bob", "viewer")
    identity = await ready.world.again(ready.secrets["bob"])
    endings: list[Ending] = []
    app = ready.client.app
    assert app is not None
    with app[LIVE].watch(identity.token.id, None, endings.append):
        async with await ready.as_("ann", "PUT", "/api/organisations/1/members/2", {"role": "operator"}) as response:
            assert response.status == 200
        assert endings == [Ending.LOGGED_OUT]


async def test_a_token_of_a_program(ready: Rig) -> None:
    body = {"label": "ci", "role": "operator", "group_ids": [1]}
    async with await ready.as_("ann", "POST", "/api/tokens", body) as response:
        made = await response.json()
    ready.secrets["ci"] = made["secret"]
    async with await ready.as_("ci", "GET", "/api/groups/1") as response:
        assert (await response.json())["role"] == "operator"
    for method, path, answer in (
        ("GET", "/api/organisations/1/members", ProblemCode.FORBIDDEN),
        ("GET", "/api/people", ProblemCode.FORBIDDEN),
        ("PATCH", "/api/groups/1", ProblemCode.FORBIDDEN),
        ("DELETE", "/api/tokens/1", ProblemCode.FORBIDDEN),
    ):
        async with await ready.as_("ci", method, path) as response:
            assert await problem(response) is answer
    async with await ready.as_("ci", "POST", "/api/tokens", {"label": "more"}) as response:
        assert await problem(response) is ProblemCode.FORBIDDEN
    password = {"old": PASSWORD, "new": "another password"}
    async with await ready.as_("ci", "PUT", "/api/auth/password", password) as response:
        assert await problem(response) is ProblemCode.FORBIDDEN
    async with await ready.as_("ann", "DELETE", f"/api/tokens/{made['token']['id']}") as response:
        assert response.status == 204
    async with await ready.as_("ci", "GET", "/api/groups/1") as response:
        assert await problem(response) is ProblemCode.NOT_LOGGED_IN


async def test_administrators_look_after_accounts(ready: Rig) -> None:
    body = {"username": "bob", "password": PASSWORD, "email": "Bob@Example.org"}
    async with await ready.as_("ann", "POST", "/api/people", body) as response:
        assert (response.status, (await response.json())["email"]) == (201, "bob@example.org")
    async with await ready.as_("ann", "GET", "/api/people?limit=1") as response:
        page = await response.json()
        assert ([one["name"] for one in page["people"]], page["next"]) == (["ann"], "ann")
    async with await ready.as_("ann", "GET", f"/api/people?after={page['next']}") as response:
        assert [one["name"] for one in (await response.json())["people"]] == ["bob"]
    async with await ready.as_("ann", "PATCH", "/api/people/2", {"administrator": True, "email": ""}) as response:
        answer = await response.json()
        assert (answer["administrator"], answer["email"]) == (True, None)
    async with await ready.as_("ann", "DELETE", "/api/people/1") as response:
        assert await problem(response) is ProblemCode.CONFLICT
    async with await ready.as_("ann", "DELETE", "/api/people/2") as response:
        assert response.status == 204


async def audit_of(rig: Rig, who: str, query: str) -> list[dict[str, object]]:
    async with await rig.as_(who, "GET", f"/api/audit{query}") as response:
        assert response.status == 200, await response.text()
        entries: list[dict[str, object]] = (await response.json())["entries"]
        return entries


async def test_the_audit_log_says_who_did_what_where_with_which_result(ready: Rig) -> None:
    await invited(ready, "bob", "operator")
    async with await ready.as_("bob", "PATCH", "/api/organisations/1", {"name": "Mine"}) as response:
        assert await problem(response) is ProblemCode.FORBIDDEN
    entries = await audit_of(ready, "ann", "?organisation_id=1")
    shown = [(one["who"], one["action"], one["result"], one["source"]) for one in entries]
    assert shown == [
        ("bob", "organisation.rename", "forbidden", "127.0.0.1"),
        ("bob", "invitation.accept", "ok", "127.0.0.1"),
        ("ann", "invitation.create", "ok", "127.0.0.1"),
    ]
    assert [one["action"] for one in await audit_of(ready, "ann", "")] == ["setup"]
    assert PASSWORD not in json.dumps(entries)


async def test_a_log_is_read_by_its_owners_only(ready: Rig) -> None:
    await invited(ready, "bob", "operator")
    await ready.world.people.accounts.add("eve", PASSWORD)
    _, ready.secrets["eve"] = await ready.world.people.logins.log_in("eve", PASSWORD, "192.0.2.1")
    for who, path, code in (
        ("bob", "/api/audit?organisation_id=1", ProblemCode.FORBIDDEN),
        ("bob", "/api/audit", ProblemCode.FORBIDDEN),
        ("eve", "/api/audit?organisation_id=1", ProblemCode.NOT_FOUND),
        ("eve", "/api/audit/export?organisation_id=1", ProblemCode.NOT_FOUND),
        ("ann", "/api/audit?organisation_id=2", ProblemCode.NOT_FOUND),
    ):
        async with await ready.as_(who, "GET", path) as response:
            assert (who, path, await problem(response)) == (who, path, code)
    # What somebody tried on a log that is not theirs does not get into it.
    assert {one["who"] for one in await audit_of(ready, "ann", "?organisation_id=1")} == {"ann", "bob"}


async def test_a_log_is_exported_as_lines_or_a_sheet(ready: Rig) -> None:
    async with await ready.as_("ann", "POST", "/api/organisations/1/groups", {"name": "=cmd()"}) as response:
        assert response.status == 201
    path = "/api/audit/export?organisation_id=1"
    async with await ready.as_("ann", "GET", path) as response:
        assert response.content_type == "application/x-ndjson"
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    assert [(one["action"], one["target"]) for one in lines] == [("group.add", "=cmd()")]
    async with await ready.as_("ann", "GET", f"{path}&format=csv") as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="hutch-hub-audit.csv"'
        rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert [row["target"] for row in rows] == ["'=cmd()", ""]
    assert [row["action"] for row in rows] == ["group.add", "audit.export"]


async def test_a_password_in_the_wrong_field_stays_out_of_the_log(ready: Rig) -> None:
    body = {"username": "my secret phrase", "password": "x"}
    async with ready.client.post("/api/auth/login", json=body) as response:
        assert await problem(response) is ProblemCode.LOGIN_FAILED
    entries = await audit_of(ready, "ann", "?action=login")
    assert [(one["target"], one["result"]) for one in entries] == [("unknown name", "login_failed")]


async def test_health_is_open_and_metrics_are_for_administrators(ready: Rig) -> None:
    async with await ready.as_(None, "GET", "/health") as response:
        assert await response.json() == {"status": "healthy", "version": "0.0.1", "reasons": []}
    async with await ready.as_("ann", "GET", "/metrics") as response:
        assert 'hutch_hub_info{version="0.0.1"} 1.0' in await response.text()


async def test_the_description_is_of_this_api(ready: Rig) -> None:
    async with await ready.as_("ann", "GET", "/api/openapi.json") as response:
        described = await response.json()
    assert described["openapi"] == "3.1.0"
    assert "post" in described["paths"]["/api/organisations/{organisation_id}/invitations"]
    assert described["components"]["securitySchemes"]["cookie"]["name"] == "hutch_hub"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/organisations", {"name": ""}),
        ("/api/organisations", {"name": "x" * 65}),
        ("/api/organisations", {"name": "a\u202eb"}),
        ("/api/organisations", {"name": "\ud800"}),
        ("/api/organisations", {"name": "Work", "more": 1}),
        ("/api/organisations/1/groups", {"name": "Home\x00"}),
        ("/api/organisations/1/invitations", {"name": "bob", "role": "god"}),
        ("/api/organisations/1/invitations", {"name": "bob", "role": "viewer", "email": "no address"}),
        ("/api/people", {"username": "bob", "password": "short"}),
        ("/api/tokens", {"label": "x", "group_ids": []}),
        ("/api/tokens", {"label": "x", "expires_at": "2020-01-01T00:00:00Z"}),
    ],
)
async def test_bad_input_is_refused_with_a_sentence(ready: Rig, path: str, body: dict[str, object]) -> None:
    async with await ready.as_("ann", "POST", path, body) as response:
        assert await problem(response) is ProblemCode.INVALID_REQUEST

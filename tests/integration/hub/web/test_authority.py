"""Every route of the hub, asked by everybody: what the table says is what happens.

Reads the table itself, so that a route that is added is tried without a line here. A part whose scope is new says in
PLACES how to make such a thing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError

from foundation.web.routing import Route
from hub.config import HubSettings
from hub.people.invitations import Guest
from hub.people.roles import Role
from hub.people.tokens import TokenWish
from hub.web.routes import ROUTES
from hub.web.security.scopes import ADMINISTRATION, HUB_SCOPE
from hub.web.site import scopes_of_hub
from protocol.problems import ErrorAnswer, ProblemCode
from tests.integration.hub.rig import PASSWORD, Rig, running, world_at
from tests.integration.hub.web.places import PLACES, Ground

OPEN = {
    "POST /api/setup",
    "POST /api/auth/login",
    "POST /api/invitations/accept",
    "GET /api/auth/oidc/start",
    "GET /api/auth/oidc/callback",
    "GET /health",
}
"""Every address of the API that is open to strangers."""
_PART = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_MISSING = "999999"


@dataclass(frozen=True)
class Caller:
    """Somebody who asks, and the role they have in each scope."""

    name: str
    organisation: Role | None = None
    group: Role | None = None
    administration: Role | None = None

    def role_in(self, scope: str) -> Role | None:
        """Their role where the routes of this scope lead in this test: to a group, or an organisation as a whole."""
        if scope == ADMINISTRATION:
            return self.administration
        if scope == HUB_SCOPE:
            return Role.VIEWER
        return self.organisation if scope in WHOLE else (self.group or self.organisation)


WHOLE = {place.scope for place in PLACES if place.whole}
SCOPES = {HUB_SCOPE, ADMINISTRATION, *(place.scope for place in PLACES)}
CALLERS = [
    Caller("owner", organisation=Role.OWNER),
    Caller("operator", organisation=Role.OPERATOR),
    Caller("viewer", organisation=Role.VIEWER),
    Caller("group-owner", group=Role.OWNER),
    Caller("group-operator", group=Role.OPERATOR),
    Caller("group-viewer", group=Role.VIEWER),
    Caller("administrator", administration=Role.OWNER),
    Caller("outsider"),
    Caller("capped-token", organisation=Role.VIEWER),
    Caller("scoped-token", group=Role.OWNER),
]


@pytest.fixture
async def peopled(sqlite_hub: str, tmp_path: Path) -> AsyncIterator[tuple[Rig, dict[str, str]]]:
    """A hub with somebody of every kind, and what stands for each part of a path."""
    async with world_at(sqlite_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path)) as rig:
        ann, secret = await world.set_up()
        [home] = await world.people.organisations.groups(ann.grants)
        rig.secrets["root"] = secret
        for caller in CALLERS[:6]:
            role = caller.organisation or caller.group
            assert role is not None
            guest = Guest(caller.name, role, None if caller.organisation else home.id)
            _, link = await world.people.invitations.create(home.organisation_id, guest, "ann")
            _, rig.secrets[caller.name], _ = await world.people.invitations.accept(link, None, PASSWORD)
        _, rig.secrets["administrator"] = await world.add("administrator", administrator=True)
        _, rig.secrets["outsider"] = await world.add("outsider")
        owner = await world.again(rig.secrets["owner"])
        _, rig.secrets["capped-token"] = await world.people.tokens.create(owner, TokenWish("c", role=Role.VIEWER))
        wish = TokenWish("s", group_ids=frozenset({home.id}))
        _, rig.secrets["scoped-token"] = await world.people.tokens.create(owner, wish)
        ground = Ground(home.organisation_id, home.id)
        parts: dict[str, str] = {}
        for place in PLACES:
            parts |= await place.make(rig, ground)
        yield rig, parts


def row(route: Route[Role]) -> str:
    return f"{route.method} {route.path}"


def address(route: Route[Role], parts: dict[str, str]) -> str:
    return _PART.sub(lambda match: parts.get(match[1], _MISSING), route.path)


@dataclass(frozen=True)
class Refusal:
    """What was answered to somebody, and whether it was the gate that did: a handler has reasons of its own."""

    code: ProblemCode
    by_gate: bool = True


async def refusal(rig: Rig, route: Route[Role], path: str, secret: str | None) -> Refusal | None:
    """Ask for nothing in particular; the body is none that a handler would take."""
    headers = {"Content-Type": "text/plain"}
    if secret is not None:
        headers["Authorization"] = f"Bearer {secret}"
    if route.kind == "websocket":
        try:
            async with rig.client.ws_connect(path, headers=headers):
                return None
        except WSServerHandshakeError as error:
            # Any other status is the handler's: this device is not connected.
            return Refusal(BY_STATUS[error.status]) if error.status in BY_STATUS else None
    data = b"x" if route.body else None
    async with rig.client.request(route.method, path, headers=headers, data=data, allow_redirects=False) as response:
        if response.status < 400:
            return None
        said = ErrorAnswer.model_validate_json(await response.read()).error
        by_gate = said.code in ALWAYS_THE_GATE or "needed" in said.details or "not yours" in said.message
        return Refusal(said.code, by_gate)


ALWAYS_THE_GATE = {ProblemCode.NOT_LOGGED_IN, ProblemCode.SETUP_NEEDED}
BY_STATUS = {401: ProblemCode.NOT_LOGGED_IN, 403: ProblemCode.FORBIDDEN, 404: ProblemCode.NOT_FOUND}


def expected(route: Route[Role], caller: Caller) -> ProblemCode | None:
    """What keeps somebody out, by the table alone; None where the handler is reached."""
    scope = str(route.scope)
    assert route.role is not None
    held = caller.role_in(scope)
    if held is not None and held.may(route.role):
        return None
    if scope == ADMINISTRATION or held is not None or (scope in WHOLE and caller.group is not None):
        return ProblemCode.FORBIDDEN
    return ProblemCode.NOT_FOUND


GUARDED = [route for route in ROUTES if route.role is not None]
SAFE_TO_REACH = {"/api/auth/logout", "/api/notifications/{target_id}/test"}
"""The first would end the very login that asks; the second asks further, for a target may be a person's own."""


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
async def test_every_route_lets_in_whom_the_table_says(peopled: tuple[Rig, dict[str, str]], caller: Caller) -> None:
    rig, parts = peopled
    wrong = []
    for route in GUARDED:
        wanted = expected(route, caller)
        # Whoever may remove something, or send a form, would change what the next route is tried on.
        if route.path in SAFE_TO_REACH or (wanted is None and (route.method == "DELETE" or route.kind == "form")):
            continue
        found = await refusal(rig, route, address(route, parts), rig.secrets[caller.name])
        kept_out = found.code if found is not None and found.by_gate else None
        if kept_out is not wanted:
            wrong.append((row(route), found, wanted))
    assert wrong == []


async def test_strangers_get_nowhere(peopled: tuple[Rig, dict[str, str]]) -> None:
    rig, parts = peopled
    for route in GUARDED:
        for secret in (None, "hutch_" + "x" * 43, "y" * 1000):
            found = await refusal(rig, route, address(route, parts), secret)
            assert found == Refusal(ProblemCode.NOT_LOGGED_IN), row(route)


async def test_what_is_not_there_looks_like_what_is_not_yours(peopled: tuple[Rig, dict[str, str]]) -> None:
    rig, parts = peopled
    for route in GUARDED:
        if route.scope in (HUB_SCOPE, ADMINISTRATION):
            continue
        for path in (address(route, parts), address(route, {})):
            headers = {"Authorization": f"Bearer {rig.secrets['outsider']}"}
            if route.kind == "websocket":
                continue
            async with rig.client.request(route.method, path, headers=headers) as response:
                said = ErrorAnswer.model_validate_json(await response.read()).error
            assert (row(route), said.code) == (row(route), ProblemCode.NOT_FOUND)
            assert "not yours" in said.message


async def test_before_the_setup_everything_asks_for_it(rig: Rig) -> None:
    for route in GUARDED:
        if route.kind != "websocket":
            assert await refusal(rig, route, address(route, {}), None) == Refusal(ProblemCode.SETUP_NEEDED), row(route)


def test_open_addresses_are_these_and_no_others() -> None:
    assert {row(route) for route in ROUTES if route.role is None and route.path.startswith(("/api", "/health"))} == OPEN


async def test_every_scope_has_a_resolver(rig: Rig) -> None:
    known = scopes_of_hub(rig.hub).known()
    assert {str(route.scope) for route in GUARDED} <= known
    assert {str(route.scope) for route in GUARDED} <= SCOPES


def test_every_change_is_audited_and_every_handler_says_what_it_does() -> None:
    api = [route for route in ROUTES if route.kind == "api"]
    assert [row(route) for route in api if route.method != "GET" and route.audit is None] == []
    assert [row(route) for route in api if not route.handler.__doc__] == []
    rows = [row(route) for route in ROUTES]
    assert len(rows) == len(set(rows))

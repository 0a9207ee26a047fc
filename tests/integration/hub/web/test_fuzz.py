"""The description of the hub turned against the hub: nothing may end in a 5xx or another shape, whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from pydantic import JsonValue

from foundation.web.openapi import describe
from foundation.web.routing import Route
from hub.config import HubSettings
from hub.people import directory
from hub.people.roles import Role
from hub.people.tokens import TokenWish
from hub.web.describe import about
from hub.web.routes import ROUTES
from tests.doubles.ports import ScriptedPorts
from tests.doubles.willing import does
from tests.fuzzing import fuzz
from tests.integration.hub.rig import Rig, running, world_at
from tests.integration.hub.web.places import PLACES, Ground

ENDING: Final = {
    "POST /api/auth/logout",
    "DELETE /api/tokens/{token_id}",
    "PATCH /api/people/{person_id}",
    "PUT /api/auth/password",
}
"""What may end the login that asks, or is limited by source: each try has a login and a time of its own."""
LAST: Final = {"POST /api/devices/{device_id}/revoke"}
"""What takes away what the others are about comes after them, and before everything with DELETE."""
EXAMPLES: Final = 10
"""Of each route: a hundred routes are tried."""
ALL: Final = [route for route in ROUTES if route.kind == "api"]


def label(route: Route[Role]) -> str:
    return f"{route.method} {route.path}"


def described(routes: list[Route[Role]], there: dict[str, str]) -> dict[str, JsonValue]:
    """The description, where a path names what ``there`` holds as often as what it does not."""
    description = describe(routes, about("0.0.1"))
    paths = description["paths"]
    assert isinstance(paths, dict)
    for methods in paths.values():
        assert isinstance(methods, dict)
        for operation in methods.values():
            assert isinstance(operation, dict)
            parameters = operation.get("parameters", [])
            assert isinstance(parameters, list)
            for parameter in parameters:
                assert isinstance(parameter, dict)
                if parameter["in"] == "path" and (known := there.get(str(parameter["name"]))) is not None:
                    parameter["schema"] = {"enum": [known, "~none"]}
    return description


async def furnish(rig: Rig) -> dict[str, str]:
    """One of everything that a path may name, in the first organisation."""
    there: dict[str, str] = {}
    for place in PLACES:
        there |= await place.make(rig, Ground(1, 1))
    assert isinstance(rig.hub.ports, ScriptedPorts)
    rig.hub.ports.of("gw-1").answering = does
    return {**there, "session_id": "s1", "name": "codex", "person_id": "1"}


ROUNDS: Final = (
    [route for route in ALL if route.method != "DELETE" and label(route) not in LAST | ENDING],
    [route for route in ALL if label(route) in LAST],
    [route for route in ALL if route.method == "DELETE" and label(route) not in ENDING],
)
OWN_LOGINS: Final = [route for route in ALL if label(route) in ENDING]


@pytest.fixture
async def rig(postgresql_hub: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """On PostgreSQL, which refuses more than SQLite does: numbers too large for their column."""
    async with world_at(postgresql_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path)) as made:
        yield made


def test_no_route_of_the_table_is_left_out() -> None:
    tried = [label(route) for routes in (*ROUNDS, OWN_LOGINS) for route in routes]
    assert sorted(tried) == sorted(label(route) for route in ALL)
    assert {label(route) for route in OWN_LOGINS} == ENDING


async def test_nothing_an_owner_asks_ends_in_a_server_error(rig: Rig) -> None:
    _, secret = await rig.world.set_up()
    there = await furnish(rig)
    headers = {"Authorization": f"Bearer {secret}"}
    for routes in ROUNDS:
        tried = await asyncio.to_thread(fuzz, described(routes, there), rig.origin, headers, (), EXAMPLES)
        assert tried == len(routes)
    await rig.world.again(secret)


async def test_nothing_that_ends_a_login_ends_in_a_server_error(rig: Rig) -> None:
    await rig.world.set_up()
    zoe, _ = await rig.world.add("zoe", administrator=True)
    token, _ = await rig.world.people.tokens.create(zoe, TokenWish("spare"))
    there = {"token_id": str(token.id), "person_id": "1"}
    loop = asyncio.get_running_loop()

    async def log_in() -> dict[str, str]:
        rig.world.clocks.turn(minutes=20)
        async with rig.world.people.ground.change() as change:
            person = await directory.person(change.connection, zoe.person.id)
            _, secret, gone = await rig.world.people.ground.bearers.log_in(change.connection, person, "fuzz")
            change.forgotten.update(gone)
        return {"Authorization": f"Bearer {secret}"}

    def headers() -> dict[str, str]:
        return asyncio.run_coroutine_threadsafe(log_in(), loop).result(20)

    tried = await asyncio.to_thread(fuzz, described(OWN_LOGINS, there), rig.origin, headers, (), EXAMPLES)
    assert tried == len(OWN_LOGINS)


async def test_nothing_a_stranger_asks_ends_in_a_server_error(rig: Rig) -> None:
    await rig.world.set_up()
    await furnish(rig)
    assert await asyncio.to_thread(fuzz, describe(ALL, about("0.0.1")), rig.origin, {}, (), 3) == len(ALL)

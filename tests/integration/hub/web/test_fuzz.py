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
from hub.people.roles import Role
from hub.web.describe import about
from hub.web.routes import ROUTES
from tests.doubles.ports import ScriptedPorts
from tests.doubles.willing import does
from tests.fuzzing import fuzz
from tests.integration.hub.rig import Rig, running, world_at
from tests.integration.hub.web.places import PLACES, Ground

LEFT_OUT: Final = {
    "POST /api/auth/logout": "would end the login that asks",
    "DELETE /api/tokens/{token_id}": "may end the login that asks",
    "PATCH /api/people/{person_id}": "may end the login that asks",
    "PUT /api/auth/password": "is limited by source, as it should be",
}
LAST: Final = {"POST /api/devices/{device_id}/revoke"}
"""What takes away what the others are about comes after them, and before everything with DELETE."""
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


@pytest.fixture
async def rig(postgresql_hub: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """On PostgreSQL, which refuses more than SQLite does: numbers too large for their column."""
    async with world_at(postgresql_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path)) as made:
        yield made


async def test_nothing_an_owner_asks_ends_in_a_server_error(rig: Rig) -> None:
    _, secret = await rig.world.set_up()
    there = await furnish(rig)
    headers = {"Authorization": f"Bearer {secret}"}
    removing = [route for route in ALL if route.method == "DELETE"]
    last = [route for route in ALL if label(route) in LAST]
    tried = 0
    for routes in ([route for route in ALL if route not in removing + last], last, removing):
        tried += await asyncio.to_thread(fuzz, described(routes, there), rig.origin, headers, LEFT_OUT, 15)
    assert tried == len(ALL) - len(LEFT_OUT)
    await rig.world.again(secret)


async def test_nothing_a_stranger_asks_ends_in_a_server_error(rig: Rig) -> None:
    await rig.world.set_up()
    await furnish(rig)
    assert await asyncio.to_thread(fuzz, describe(ALL, about("0.0.1")), rig.origin, {}, (), 5) == len(ALL)

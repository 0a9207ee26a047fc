"""The description of the hub's people turned against the hub: nothing may end in a 5xx or another shape."""

from __future__ import annotations

import asyncio
from typing import Final

from foundation.web.openapi import describe
from hub.web.api.tables.people import PEOPLE_ROUTES
from hub.web.describe import about
from tests.fuzzing import fuzz
from tests.integration.hub.rig import Rig

LEFT_OUT: Final = {
    "POST /api/auth/logout": "would end the login that asks",
    "DELETE /api/tokens/{token_id}": "may end the login that asks",
    "PATCH /api/people/{person_id}": "may end the login that asks",
    "PUT /api/auth/password": "is limited by source, as it should be",
}


async def test_nothing_the_description_says_ends_in_a_server_error(rig: Rig) -> None:
    _, secret = await rig.world.set_up()
    routes = [route for route in PEOPLE_ROUTES if route.kind == "api"]
    headers = {"Authorization": f"Bearer {secret}"}
    tried = await asyncio.to_thread(fuzz, describe(routes, about("0.0.1")), rig.origin, headers, LEFT_OUT)
    assert tried == len(routes) - len(LEFT_OUT)
    await rig.world.again(secret)

"""Our own OpenAPI description turned against us: nothing it allows or forbids may end in a 5xx or another shape."""

from __future__ import annotations

import asyncio
from typing import Final

from foundation.web.openapi import describe
from tests.fuzzing import fuzz
from tests.integration.webui.rig import Rig
from webui.api.routes import API_ROUTES
from webui.describe import about

LEFT_OUT: Final = {
    "GET /api/events": "never ends",
    "GET /api/conversations/{conversation_id}/events": "never ends",
    "GET /api/sessions/{session_id}/terminal": "is a WebSocket",
    "POST /api/auth/logout": "would end the login that asks",
    "POST /api/agents/{name}/install": "would run npm",
}


async def test_nothing_the_description_says_ends_in_a_server_error(rig: Rig) -> None:
    description = describe(API_ROUTES, about("0.0.1"))
    tried = await asyncio.to_thread(fuzz, description, rig.origin, rig.bearer(), LEFT_OUT)
    assert tried == len(API_ROUTES) - len(LEFT_OUT)

"""The OpenCode API's own description turned against it: nothing that it allows or forbids may end in a 5xx."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any, Final

from schemathesis.checks import not_a_server_error

from foundation.web.openapi import describe
from tests.fuzzing import fuzz
from tests.integration.opencode.rig import OpenCodeRig
from webui.describe import about
from webui.dialects.opencode.routes import ROUTES

LEFT_OUT: Final = {
    "GET /event": "never ends",
    "GET /global/event": "never ends",
    "DELETE /session/{session_id}": "would take the session away from the others",
}


async def test_nothing_ends_in_a_server_error(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    description: Any = json.loads(json.dumps(describe(ROUTES, about("0.0.1"))))
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "session_id":
                    # One that is there: what lies behind it is reached, too.
                    parameter["schema"] = {"enum": [session]}
    tried = await asyncio.to_thread(
        partial(fuzz, description, opencode.url, {}, LEFT_OUT, 15, checks=[not_a_server_error])
    )
    assert tried == len(ROUTES) - len(LEFT_OUT)
    assert (await opencode.ask("GET", "/global/health")).json["healthy"]

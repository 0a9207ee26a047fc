"""Our own OpenAPI description turned against us: nothing it allows or forbids may end in a 5xx or another shape."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import JsonValue
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from foundation.web.openapi import describe
from tests.integration.webui.rig import Rig
from webui.api.routes import API_ROUTES
from webui.describe import about

EXAMPLES: Final = 25
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BOUNDED: Final = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
LEFT_OUT: Final = {
    "GET /api/events": "never ends",
    "GET /api/sessions/{session_id}/terminal": "is a WebSocket",
    "POST /api/auth/logout": "would end the login that asks",
    "POST /api/agents/{name}/install": "would run npm",
}


async def test_nothing_the_description_says_ends_in_a_server_error(rig: Rig) -> None:
    description = describe(API_ROUTES, about("0.0.1"))
    tried = await asyncio.to_thread(fuzz, description, rig.origin, rig.bearer())
    assert tried == len(API_ROUTES) - len(LEFT_OUT)


def fuzz(description: dict[str, JsonValue], origin: str, headers: Mapping[str, str]) -> int:
    """Try every operation; how many there were."""
    schema = schemathesis.openapi.from_dict(description)
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.label in LEFT_OUT:
            continue
        tried += 1

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def attack(case: Case[Any]) -> None:
            response = case.call(base_url=origin, headers=dict(headers), timeout=20)
            case.validate_response(response, checks=CHECKS)

        attack()
    return tried

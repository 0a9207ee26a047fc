"""An OpenAPI description turned against its own application."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import JsonValue
from schemathesis import Case
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES: Final = 25
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def fuzz(
    description: dict[str, JsonValue],
    origin: str,
    headers: Mapping[str, str] | Callable[[], Mapping[str, str]],
    left_out: Collection[str],
    examples: int = EXAMPLES,
    *,
    checks: Sequence[CheckFunction] = CHECKS,
) -> int:
    """Try every operation but those ``left_out`` (``GET /path``); how many there were. Blocks.

    ``headers`` may be made anew for each request, for what ends the login that asks.
    """
    schema = schemathesis.openapi.from_dict(description)
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.label in left_out:
            continue
        tried += 1

        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def attack(case: Case[Any]) -> None:
            given_now = headers() if callable(headers) else headers
            response = case.call(base_url=origin, headers=dict(given_now), timeout=20)
            case.validate_response(response, checks=list(checks))

        attack()
    return tried

from __future__ import annotations

import json
import re

from pydantic import JsonValue

from foundation.web.openapi import describe
from webui.api.routes import API_ROUTES
from webui.describe import about

DESCRIPTION = describe(API_ROUTES, about("1.2.3"))


def part(*names: str) -> dict[str, JsonValue]:
    """An object of the description, by the way that leads to it."""
    found: JsonValue = DESCRIPTION
    for name in names:
        assert isinstance(found, dict)
        assert name in found, names
        found = found[name]
    assert isinstance(found, dict)
    return found


def test_every_route_is_described() -> None:
    described = {f"{method.upper()} {path}" for path in part("paths") for method in part("paths", path)}
    assert described == {f"{route.method} {route.path}" for route in API_ROUTES}


def test_every_reference_leads_somewhere() -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DESCRIPTION)))
    assert references
    for reference in references:
        part(*reference.split("/"))


def test_names_of_operations_are_unique() -> None:
    names = re.findall(r'"operationId": "([^"]+)"', json.dumps(DESCRIPTION))
    assert len(names) == len(set(names)) == len(API_ROUTES)


def test_what_is_raw_is_described() -> None:
    chunk = part("paths", "/api/files/uploads/{transfer_id}/chunks/{seq}", "put", "requestBody", "content")
    assert set(chunk) == {"application/octet-stream"}
    download = part("paths", "/api/files/content", "get", "responses")
    assert download["206"] == download["200"]
    assert part("paths", "/api/files/content", "get", "responses", "416")["description"]
    export = part("paths", "/api/audit/export", "get", "responses", "200", "content")
    assert set(export) == {"application/x-ndjson", "text/csv"}


def test_what_has_neither_model_nor_bytes_answers_nothing() -> None:
    silent = [route for route in API_ROUTES if not route.answer and not route.raw_answer and route.kind == "api"]
    assert {route.status for route in silent} == {204}


def test_passwords_are_marked_as_such_and_no_answer_has_one() -> None:
    assert '"format": "password"' in json.dumps(part("components", "schemas", "Login"))
    answers = [name for name in part("components", "schemas") if name.endswith("Answer")]
    assert answers
    assert all('"password"' not in json.dumps(part("components", "schemas", name)) for name in answers)

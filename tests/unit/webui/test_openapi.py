from __future__ import annotations

import json
import re

from pydantic import JsonValue

from webui.api.routes import API_ROUTES
from webui.openapi import RAW_ANSWERS, RAW_BODIES, describe

DESCRIPTION = describe(API_ROUTES, "1.2.3")
_COMPONENTS = DESCRIPTION["components"]
assert isinstance(_COMPONENTS, dict)
_SCHEMAS = _COMPONENTS["schemas"]
assert isinstance(_SCHEMAS, dict)


def test_every_route_is_described() -> None:
    paths = DESCRIPTION["paths"]
    assert isinstance(paths, dict)
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in dict(methods or {})}  # type: ignore[arg-type]
    assert described == {f"{route.method} {route.path}" for route in API_ROUTES}


def test_every_reference_leads_somewhere() -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DESCRIPTION)))
    assert references
    for reference in references:
        found: JsonValue = DESCRIPTION
        for part in reference.split("/"):
            assert isinstance(found, dict)
            assert part in found, reference
            found = found[part]


def test_names_of_operations_are_unique() -> None:
    names = re.findall(r'"operationId": "([^"]+)"', json.dumps(DESCRIPTION))
    assert len(names) == len(set(names)) == len(API_ROUTES)


def test_what_is_raw_is_in_the_table() -> None:
    paths = {route.path for route in API_ROUTES}
    assert paths >= RAW_BODIES
    assert paths >= set(RAW_ANSWERS)


def test_passwords_are_marked_as_such_and_no_answer_has_one() -> None:
    assert '"format": "password"' in json.dumps(_schema("Login"))
    answers = [name for name in _SCHEMAS if name.endswith("Answer")]
    assert answers
    assert all('"password"' not in json.dumps(_schema(name)) for name in answers)


def _schema(name: str) -> JsonValue:
    return _SCHEMAS[name]

"""The API reference out of an OpenAPI document."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from foundation.web.pages.reference import groups_of, type_in_words

DESCRIPTION: dict[str, JsonValue] = {
    "paths": {
        "/api/things/{id}": {
            "put": {
                "summary": "Change it",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"200": {"description": "Done"}, "404": {"description": "Gone"}},
            }
        },
        "/health": {"get": {"summary": "How it is", "responses": {}}},
    },
    "components": {
        "schemas": {"Thing": {"properties": {"name": {"type": "string"}, "to": {"type": "null"}}, "required": ["name"]}}
    },
}


def test_operations_are_grouped_with_their_fields() -> None:
    things, health = groups_of(DESCRIPTION)
    assert (things.name, health.name) == ("things", "health")
    operation = things.operations[0]
    assert (operation.method, operation.path, operation.summary) == ("PUT", "/api/things/{id}", "Change it")
    assert [(each.name, each.place, each.type) for each in operation.parameters] == [("id", "path", "integer")]
    assert operation.body is not None
    assert (operation.body.name, [(each.name, each.required) for each in operation.body.fields]) == (
        "Thing",
        [("name", True), ("to", False)],
    )
    assert [(code, words) for code, words, _ in operation.answers] == [("200", "Done")]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, "list of Thing"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "string (date-time) or null"),
        ({"enum": ["a", "b"]}, '"a" | "b"'),
        ({"const": 1}, "1"),
        ({}, "any"),
    ],
)
def test_types_in_words(schema: dict[str, JsonValue], words: str) -> None:
    assert type_in_words(schema) == words


def test_a_document_that_is_none_shows_nothing() -> None:
    assert groups_of({"paths": "no"}) == []
    assert groups_of({}) == []

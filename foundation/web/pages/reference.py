"""The API reference, rendered from the same OpenAPI description that programs read at /api/openapi.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

JsonObject = Mapping[str, JsonValue]
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path or the query."""

    name: str
    place: str
    type: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Body:
    """A request body or an answer: which schema, and its fields in a table."""

    name: str
    fields: Sequence[Parameter]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    id: str
    method: str
    path: str
    summary: str
    words: str
    role: str
    parameters: Sequence[Parameter]
    body: Body | None
    answers: Sequence[tuple[str, str, Body | None]]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations below one first word of the path."""

    name: str
    operations: Sequence[Operation]


def groups_of(description: JsonObject) -> list[Group]:
    """The operations of an OpenAPI 3.1 document, grouped by the word after ``/api/``."""
    found: dict[str, list[Operation]] = {}
    for path, methods in _object(description.get("paths")).items():
        for method in _METHODS:
            operation = _object(methods).get(method)
            if isinstance(operation, Mapping):
                found.setdefault(_group(path), []).append(_operation(description, path, method, operation))
    return [Group(name, operations) for name, operations in found.items()]


def _group(path: str) -> str:
    words = [word for word in path.split("/") if word]
    return words[1] if len(words) > 1 and words[0] == "api" else words[0] if words else "/"


def _operation(description: JsonObject, path: str, method: str, item: JsonObject) -> Operation:
    answers = [
        (code, _text(_object(answer).get("description")), _body(description, _object(answer)))
        for code, answer in _object(item.get("responses")).items()
        if code.startswith(("1", "2", "3"))
    ]
    return Operation(
        id=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        summary=_text(item.get("summary")),
        words=_text(item.get("description")),
        role=_text(item.get("x-role")),
        parameters=[_parameter(description, each) for each in _list(item.get("parameters"))],
        body=_body(description, _object(item.get("requestBody"))),
        answers=answers,
    )


def _parameter(description: JsonObject, given: JsonValue) -> Parameter:
    item = _resolved(description, _object(given))
    return Parameter(
        name=_text(item.get("name")),
        place=_text(item.get("in")),
        type=type_in_words(_object(item.get("schema"))),
        required=item.get("required") is True,
        words=_text(item.get("description")) or _text(_object(item.get("schema")).get("description")),
    )


def _body(description: JsonObject, given: JsonObject) -> Body | None:
    contents = list(_object(_resolved(description, given).get("content")).items())
    if not contents:
        return None
    media, content = contents[0]
    pointer = _object(_object(content).get("schema"))
    schema = _resolved(description, pointer)
    needed = [_text(name) for name in _list(schema.get("required"))]
    fields = [
        Parameter(name, "", type_in_words(_object(field)), name in needed, _text(_object(field).get("description")))
        for name, field in _object(schema.get("properties")).items()
    ]
    name = _text(pointer.get("$ref")).rpartition("/")[2] or _text(schema.get("title")) or media
    return Body(name, fields)


def type_in_words(schema: JsonObject) -> str:
    """A JSON Schema as a person says it: ``string``, ``list of Session``, ``integer or null``."""
    if "$ref" in schema:
        return _text(schema["$ref"]).rpartition("/")[2]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(type_in_words(_object(each)) for each in _list(schema[key])))
    if "enum" in schema:
        return " | ".join(json.dumps(each) for each in _list(schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    kind = _text(schema.get("type")) or "any"
    if kind == "array":
        return f"list of {type_in_words(_object(schema.get('items')))}"
    form = _text(schema.get("format"))
    return f"{kind} ({form})" if form else kind


def _resolved(description: JsonObject, schema: JsonObject) -> JsonObject:
    """What a reference inside the same document points to."""
    pointer = _text(schema.get("$ref"))
    if not pointer.startswith("#/"):
        return schema
    found: JsonValue = dict(description)
    for part in pointer[2:].split("/"):
        found = dict(_object(found)).get(part)
    return _object(found)


def _object(value: object) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

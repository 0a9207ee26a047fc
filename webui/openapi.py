"""OpenAPI 3.1 out of the route table and the models that check requests: one truth, described by itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gateway.accounts.types import Role
from protocol.problems import ErrorAnswer
from webui.problems import HTTP_STATUS
from webui.routing import Route

Json = dict[str, JsonValue]

_REF: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_ERROR: Final[Json] = {"$ref": "#/components/responses/Problem"}
_JSON: Final = "application/json"
_BINARY: Final[Json] = {}

RAW_BODIES: Final[frozenset[str]] = frozenset({"/api/files/uploads/{transfer_id}/chunks/{seq}"})
"""Addresses that take raw bytes."""
RAW_ANSWERS: Final[dict[str, tuple[str, ...]]] = {
    "/api/files/content": ("application/octet-stream",),
    "/api/audit/export": ("application/x-ndjson", "text/csv"),
    "/metrics": ("text/plain",),
    "/api/openapi.json": (_JSON,),
}
"""What answers that are no model are made of."""


def describe(routes: Sequence[Route], version: str) -> Json:
    """The description of every route that is not a page."""
    described = [route for route in routes if route.kind in ("api", "websocket", "stream")]
    schemas, names = _schemas(described)
    paths: dict[str, JsonValue] = {}
    for route in described:
        path = _PARAMETER.sub(r"{\1}", route.path)
        methods = paths.setdefault(path, {})
        assert isinstance(methods, dict)  # noqa: S101 (made just above)
        methods[route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hutch",
            "version": version,
            "description": "A device where coding agents live: sessions, files, people, health, events.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": _content("A problem: what happened, what to do.", _JSON, names[ErrorAnswer])},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "hutch_session"},
            },
        },
    }


Names = dict[type[BaseModel], Json]


def _schemas(routes: Sequence[Route]) -> tuple[Json, Names]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ErrorAnswer, "serialization")]
    for route in routes:
        if route.body:
            wanted.append((route.body, "validation"))
        if route.query:
            wanted.append((route.query, "validation"))
        if route.answer:
            wanted.append((route.answer, "serialization"))
    wanted = list(dict.fromkeys(wanted))
    references, definitions = models_json_schema(wanted, ref_template=_REF)
    names: Names = {model: dict(references[model, mode]) for model, mode in wanted}
    return dict(definitions.get("$defs", {})), names


def _operation(route: Route, names: Names) -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": _description(route),
        "tags": [route.path.removeprefix("/api").strip("/").split("/")[0] or "device"],
        "security": [] if route.role is None else [{"bearer": []}, {"cookie": []}],
        "responses": _responses(route, names),
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": names[route.body]}}}
    elif route.path in RAW_BODIES:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": _BINARY}}}
    return operation


def _operation_id(route: Route) -> str:
    return f"{route.method.lower()}_" + re.sub(r"\W+", "_", _PARAMETER.sub(r"\1", route.path)).strip("_")


def _description(route: Route) -> str:
    text = inspect.getdoc(route.handler) or route.summary
    if route.role is None:
        return text
    plural = {Role.VIEWER: "everybody with a login", Role.OPERATOR: "operators and admins", Role.ADMIN: "admins"}
    return f"{text}\n\nFor {plural[route.role]}."


def _responses(route: Route, names: Names) -> Json:
    responses: Json = {}
    if route.kind == "websocket":
        responses["101"] = {"description": "The socket is open; its messages are in docs/wire.md."}
    elif route.kind == "stream" and route.answer:
        stream = _content("A stream of events.", "text/event-stream", {"type": "string"})
        responses["200"] = {**stream, "x-event-data": names[route.answer]}
    elif route.answer:
        responses[str(route.status)] = _content("Done.", _JSON, names[route.answer])
    elif route.path in RAW_ANSWERS:
        schema: Json = {"type": "object"} if route.path.endswith(".json") else _BINARY
        content: Json = {media: {"schema": schema} for media in RAW_ANSWERS[route.path]}
        responses[str(route.status)] = {"description": "Done.", "content": content}
    else:
        responses[str(route.status)] = {"description": "Done."}
    if route.path == "/health":
        responses["503"] = responses["200"]
    if route.path == "/api/files/content":
        responses["206"] = responses["200"]
        responses["416"] = {"description": "The file has no such range."}
    for status in sorted({*HTTP_STATUS.values()}):
        responses.setdefault(str(status), _ERROR)
    return responses


def _content(description: str, media: str, schema: Json) -> Json:
    return {"description": description, "content": {media: {"schema": schema}}}


def _path_parameters(route: Route) -> list[JsonValue]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[JsonValue]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": value}
        for name, value in schema.get("properties", {}).items()
    ]

"""OpenAPI 3.1 out of the route table and the models that check requests: one truth, described by itself."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from foundation.web.problems import HTTP_STATUS
from foundation.web.routing import AnyRoute
from protocol.problems import ErrorAnswer

Json = dict[str, JsonValue]

_REF: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_ERROR: Final[Json] = {"$ref": "#/components/responses/Problem"}
_JSON: Final = "application/json"
_BINARY: Final[Json] = {}


@dataclass(frozen=True, slots=True)
class About:
    """What an API is called, and how the description speaks of its roles."""

    title: str
    version: str
    description: str
    cookie: str
    """The name of the login cookie."""
    who: Mapping[StrEnum, str]
    """The people who have at least a role, in words: ``operators and admins``."""


def describe(routes: Sequence[AnyRoute], about: About) -> Json:
    """The description of every route that is not a page."""
    described = [route for route in routes if route.kind in ("api", "websocket", "stream")]
    schemas, names = _schemas(described)
    paths: dict[str, JsonValue] = {}
    for route in described:
        path = _PARAMETER.sub(r"{\1}", route.path)
        methods = paths.setdefault(path, {})
        assert isinstance(methods, dict)  # noqa: S101 (made just above)
        methods[route.method.lower()] = _operation(route, names, about)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": about.version,
            "description": about.description,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": _content("A problem: what happened, what to do.", _JSON, names[ErrorAnswer])},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": about.cookie},
            },
        },
    }


def print_description(routes: Sequence[AnyRoute], about: About) -> None:
    """What a module that describes an API does when it is run (:mod:`foundation.web.description`)."""
    json.dump(describe(routes, about), sys.stdout, separators=(",", ":"))


Names = dict[type[BaseModel], Json]


def _schemas(routes: Sequence[AnyRoute]) -> tuple[Json, Names]:
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


def _operation(route: AnyRoute, names: Names, about: About) -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": _description(route, about),
        "tags": [route.path.removeprefix("/api").strip("/").split("/")[0] or "device"],
        "security": [] if route.role is None else [{"bearer": []}, {"cookie": []}],
        "responses": _responses(route, names),
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": names[route.body]}}}
    elif route.raw_body:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": _BINARY}}}
    return operation


def _operation_id(route: AnyRoute) -> str:
    return f"{route.method.lower()}_" + re.sub(r"\W+", "_", _PARAMETER.sub(r"\1", route.path)).strip("_")


def _description(route: AnyRoute, about: About) -> str:
    text = inspect.getdoc(route.handler) or route.summary
    if route.role is None:
        return text
    scope = f" of the {route.scope}" if route.scope else ""
    return f"{text}\n\nFor {about.who[route.role]}{scope}."


def _responses(route: AnyRoute, names: Names) -> Json:
    responses: Json = {}
    if route.kind == "websocket":
        responses["101"] = {"description": "The socket is open; its messages are in docs/wire.md."}
    elif route.kind == "stream" and route.answer:
        stream = _content("A stream of events.", "text/event-stream", {"type": "string"})
        responses["200"] = {**stream, "x-event-data": names[route.answer]}
    elif route.answer:
        responses[str(route.status)] = _content("Done.", _JSON, names[route.answer])
    elif route.raw_answer:
        content: Json = {
            media: {"schema": {"type": "object"} if media == _JSON else _BINARY} for media in route.raw_answer
        }
        responses[str(route.status)] = {"description": "Done.", "content": content}
    else:
        responses[str(route.status)] = {"description": "Done."}
    for status, words in route.more_statuses.items():
        responses[str(status)] = responses[str(route.status)] if words is None else {"description": words}
    for status in sorted({*HTTP_STATUS.values()}):
        responses.setdefault(str(status), _ERROR)
    return responses


def _content(description: str, media: str, schema: Json) -> Json:
    return {"description": description, "content": {media: {"schema": schema}}}


def _path_parameters(route: AnyRoute) -> list[JsonValue]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: AnyRoute) -> list[JsonValue]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": value}
        for name, value in schema.get("properties", {}).items()
    ]

"""Requests into typed values: bodies, queries and path parts, each bounded and each refused with a clear problem."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, JsonValue, ValidationError

from foundation.web.context import ROUTE
from foundation.web.models import MAX_NUMBER
from protocol.problems import Problem, ProblemCode

M = TypeVar("M", bound=BaseModel)

_SHOWN_ERRORS = 20
_DEFAULT_LIMIT = 1024 * 1024


async def parse_body(request: web.Request, model: type[M]) -> M:
    """The JSON body as ``model``. Raises :class:`Problem` INVALID_REQUEST or TOO_LARGE."""
    if request.content_type != "application/json":
        raise Problem(ProblemCode.INVALID_REQUEST, "Send the body as JSON with Content-Type: application/json.")
    try:
        return model.model_validate_json(await read_body(request))
    except ValidationError as error:
        raise _invalid("body", error) from None


def parse_query(request: web.Request, model: type[M]) -> M:
    """The query string as ``model``; a name given twice is refused. Raises :class:`Problem` INVALID_REQUEST."""
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if name in values:
            raise Problem(ProblemCode.INVALID_REQUEST, f"Give the query parameter {name[:50]!r} only once.")
        values[name] = value
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        raise _invalid("query", error) from None


async def read_body(request: web.Request) -> bytes:
    """The raw body, at most the route's ``max_body`` bytes, whatever Content-Length claims. Raises TOO_LARGE."""
    limit = max_body(request)
    body = bytearray()
    async for block in request.content.iter_any():
        body += block
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def max_body(request: web.Request) -> int:
    """How many bytes of body the matched route takes."""
    route = request.get(ROUTE)
    return route.max_body if route else _DEFAULT_LIMIT


def too_large(limit: int) -> Problem:
    """The refusal of a body over ``limit`` bytes."""
    return Problem(
        ProblemCode.TOO_LARGE, f"The request is too large: send at most {limit} bytes at once.", {"limit": limit}
    )


def path_number(request: web.Request, name: str) -> int:
    """A part of the path that is the number of a row. Raises NOT_FOUND for anything else: there is no such row."""
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_NUMBER):
        raise Problem(ProblemCode.NOT_FOUND, "There is nothing with this number. Check the address.")
    return int(text)


def _invalid(where: str, error: ValidationError) -> Problem:
    """Names the fields, never their values: a password in the wrong field must not come back."""
    shown = error.errors(include_url=False, include_context=False, include_input=False)[:_SHOWN_ERRORS]
    fields: list[JsonValue] = [
        {"field": ".".join(str(part)[:60] for part in item["loc"]), "problem": item["msg"]} for item in shown
    ]
    first = shown[0]
    name = ".".join(str(part)[:60] for part in first["loc"]) or where
    message = f"The {where} is not valid: {name}: {first['msg']}."
    return Problem(ProblemCode.INVALID_REQUEST, message, {"fields": fields})

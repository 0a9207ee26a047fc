"""``/api/openapi.json``: the description of the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from aiohttp import web

from webui.openapi import describe
from webui.routing import Route

Description = Callable[[], bytes]

_DESCRIPTION: Final[web.AppKey[Description]] = web.AppKey("openapi_description")


def set_up_openapi(app: web.Application, routes: Sequence[Route], version: str) -> None:
    """Have the description made from the route table when somebody first asks for it."""

    @cache
    def description() -> bytes:
        return json.dumps(describe(routes, version), separators=(",", ":")).encode()

    made: Description = description
    app[_DESCRIPTION] = made


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 description of everything under ``/api``."""
    return web.Response(body=request.app[_DESCRIPTION](), content_type="application/json")

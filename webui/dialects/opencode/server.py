"""The application that answers on port 4096."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from foundation.web.application import make_application
from foundation.web.problems import HTTP_STATUS, REFUSAL, add_headers
from foundation.web.security.hosts import host_names
from foundation.web.site import Networks, Site
from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode.authority import OpenCodeAuthority
from webui.dialects.opencode.context import OPENCODE, OpenCode
from webui.dialects.opencode.routes import ROUTES

_NAMES: Final = {400: "BadRequest", 404: "NotFoundError"}
"""What the SDK calls errors, by their status."""


def make_opencode_app(
    opencode: OpenCode,
    authority: OpenCodeAuthority,
    *,
    device: str,
    hosts: frozenset[str],
    trusted_proxies: Networks = (),
) -> web.Application:
    """The OpenCode API over the device's own parts. ``device`` is its host name, ``hosts`` are further ones."""
    site = Site(
        title="Hutch",
        noun="device",
        name=device,
        authority=authority,
        hosts=host_names(device, hosts),
        trusted_proxies=trusted_proxies,
    )
    app = make_application(site, ROUTES)
    app[OPENCODE] = opencode
    app[REFUSAL] = refusal
    return app


def refusal(problem: Problem) -> web.Response:
    """A problem as the SDK reads it: ``{name, data: {message}}``, with our code beside it."""
    status = HTTP_STATUS[problem.code]
    body = {
        "name": _NAMES.get(status, "UnknownError"),
        "data": {"message": problem.message, "code": problem.code.value},
    }
    response = web.json_response(body, status=status)
    add_headers(response, problem)
    if problem.code is ProblemCode.NOT_LOGGED_IN:
        response.headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="opencode", charset="UTF-8"'
    return response

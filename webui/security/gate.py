"""Every check a request passes before its handler, in the order they are made. There is no other way in."""

from __future__ import annotations

from aiohttp import hdrs, web

from protocol.problems import Problem, ProblemCode
from webui.context import CLIENT, IDENTITY, Device
from webui.parsing import too_large
from webui.routing import Route
from webui.security.csrf import check_csrf
from webui.security.hosts import check_host
from webui.security.identity import check_role, identify
from webui.security.origins import check_origin


async def admit(request: web.Request, route: Route | None, device: Device, host_names: frozenset[str]) -> None:
    """Let a request through to its handler, or raise the :class:`Problem` that keeps it out.

    Works on the matched row of the route table, never on the text of the path, so no spelling of a path gets around
    it. An address that is not in the table is refused to strangers just as one that is.
    """
    client = request[CLIENT]
    check_host(client.host, host_names)
    check_origin(request, client, is_websocket=route is not None and route.kind == "websocket")
    identity = await identify(request, device)
    request[IDENTITY] = identity
    if route is None:
        if identity is None:
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
        raise _unknown(request)
    await check_role(identity, route.role, device)
    _check_size(request, route)
    await check_csrf(request, route, identity)


def _check_size(request: web.Request, route: Route) -> None:
    length = request.content_length
    if length is not None and length > route.max_body:
        raise too_large(route.max_body)


def _unknown(request: web.Request) -> Problem:
    error = request.match_info.http_exception
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = sorted(error.allowed_methods)
        return Problem(
            ProblemCode.METHOD_NOT_ALLOWED,
            f"This address takes {', '.join(allowed)} only.",
            {"allowed": list(allowed)},
        )
    if hdrs.UPGRADE in request.headers:
        return Problem(ProblemCode.NOT_FOUND, "There is no such WebSocket. Check the address.")
    return Problem(ProblemCode.NOT_FOUND, "There is nothing at this address. Check the path.")

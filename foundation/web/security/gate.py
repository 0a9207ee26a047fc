"""Every check a request passes before its handler, in the order they are made. There is no other way in."""

from __future__ import annotations

from aiohttp import hdrs, web

from foundation.web.context import CLIENT, LOGIN, VISIT, Login
from foundation.web.parsing import too_large
from foundation.web.routing import AnyRoute
from foundation.web.security.csrf import check_csrf
from foundation.web.security.hosts import check_host
from foundation.web.security.origins import check_origin
from foundation.web.site import Site
from protocol.problems import Problem, ProblemCode


async def admit(request: web.Request, route: AnyRoute | None, site: Site) -> None:
    """Let a request through to its handler, or raise the :class:`Problem` that keeps it out.

    Works on the matched row of the route table, never on the text of the path, so no spelling of a path gets around
    it. An address that is not in the table is refused to strangers just as one that is.
    """
    client = request[CLIENT]
    visit = request[VISIT]
    if visit is None:
        check_host(client.host, site.hosts, site.noun)
    elif visit.refusal is not None:
        raise visit.refusal
    check_origin(request, client, site.noun, is_websocket=route is not None and route.kind == "websocket")
    login = await _identified(request, route, site) if visit is None else visit.login
    request[LOGIN] = login
    if route is None:
        if login is None:
            raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
        raise _unknown(request)
    if route.role is not None or visit is not None:
        await site.authority.admit(request, route, login)
    _check_size(request, route)
    await check_csrf(request, route, login)


async def _identified(request: web.Request, route: AnyRoute | None, site: Site) -> Login | None:
    """Who asks. What is open to everybody is answered also where nobody can look that up: ``/health`` above all."""
    try:
        return await site.authority.identify(request)
    except Problem as problem:
        if route is not None and route.role is None and problem.code is ProblemCode.UNAVAILABLE:
            return None
        raise


def _check_size(request: web.Request, route: AnyRoute) -> None:
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

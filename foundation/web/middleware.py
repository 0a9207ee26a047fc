"""The one middleware: names the request, opens the gate, runs the handler, answers problems, writes the access log."""

from __future__ import annotations

import secrets
import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler as AnyHandler
from aiohttp.typedefs import Middleware

from foundation.web.addresses import valid_prefix
from foundation.web.context import AUDIT_NOTE, CLIENT, PREFIX, REQUEST_ID, ROUTE, VISIT, AuditNote, login_or_none
from foundation.web.problems import answer, from_http
from foundation.web.routing import AnyRoute, Handler
from foundation.web.security.audit import StrangerLimit, audited
from foundation.web.security.clients import client_of
from foundation.web.security.gate import admit
from foundation.web.site import Site, site_of
from protocol.problems import Problem, ProblemCode

_LOG = structlog.get_logger("web.access")

RouteIndex = dict[web.AbstractRoute, AnyRoute]


def make_middleware(site: Site, index: RouteIndex) -> Middleware:
    """The middleware for the routes in ``index``, which may still be filled afterwards."""
    strangers = StrangerLimit(time.monotonic)

    @web.middleware
    async def middleware(request: web.Request, handler: AnyHandler) -> web.StreamResponse:
        route = _begin(request, site, index)

        async def admitted(request: web.Request) -> web.StreamResponse:
            await admit(request, route, site)
            return await handler(request)

        started = time.perf_counter()
        status = 499
        try:
            response = await _respond(request, route, admitted, strangers)
            status = response.status
        except web.HTTPException as redirect:
            status = redirect.status
            raise
        finally:
            _log_access(request, status, time.perf_counter() - started)
        return response

    return middleware


def _begin(request: web.Request, site: Site, index: RouteIndex) -> AnyRoute | None:
    request[REQUEST_ID] = secrets.token_hex(8)
    visit = request[VISIT] = site.visit_of(request)
    request[CLIENT] = client_of(request, site.trusted_proxies) if visit is None else visit.client
    request[PREFIX] = valid_prefix(site.prefix_of(request) if visit is None else visit.prefix)
    request[AUDIT_NOTE] = AuditNote()
    route = index.get(request.match_info.route)
    request[ROUTE] = route
    return route


async def _respond(
    request: web.Request, route: AnyRoute | None, handler: Handler, strangers: StrangerLimit
) -> web.StreamResponse:
    try:
        if route is not None and route.audit is not None:
            response = await audited(request, route, handler, strangers)
        else:
            response = await handler(request)
    except Problem as problem:
        response = await answer(request, route, problem)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = await answer(request, route, from_http(error))
    except ConnectionError:
        raise
    except Exception:
        _LOG.exception("request.failed", request_id=request[REQUEST_ID], method=request.method, path=request.path)
        response = await answer(request, route, _internal(request))
    if not response.prepared:
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    return response


def _internal(request: web.Request) -> Problem:
    request_id = request[REQUEST_ID]
    return Problem(
        ProblemCode.INTERNAL,
        f"Something went wrong inside {site_of(request).title}. Look for {request_id} in its log.",
        {"request_id": request_id},
    )


def _log_access(request: web.Request, status: int, seconds: float) -> None:
    """One line per request. The path without its query: queries can hold what is nobody else's business.

    What went well is for debugging only: a journal on an SD card should not wear it out with every poll.
    """
    login = login_or_none(request)
    tell = _LOG.debug if status < 400 else _LOG.info
    tell(
        "request",
        request_id=request[REQUEST_ID],
        method=request.method,
        path=request.path[:300],
        status=status,
        ms=round(seconds * 1000, 1),
        source=request[CLIENT].source,
        who=login.name if login else None,
    )

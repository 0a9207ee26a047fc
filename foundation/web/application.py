"""An application out of its site and its route table: every row behind the gate, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from foundation.web.background import BACKGROUND, Background, background_context
from foundation.web.middleware import RouteIndex, make_middleware
from foundation.web.pages.setup import set_up_pages
from foundation.web.routing import AnyRoute
from foundation.web.security.headers import add_security_headers
from foundation.web.site import SITE, Site
from foundation.web.streams.live import LIVE, LiveLogins, stop_live

_HEAD_TOO: Final = frozenset({"api", "page", "form"})


def make_application(site: Site, routes: Sequence[AnyRoute]) -> web.Application:
    """The application that serves ``routes``; whoever builds it adds what its handlers need under keys of their own.

    Reads the folders of the templates (blocking).
    """
    index: RouteIndex = {}
    app = web.Application(middlewares=[make_middleware(site, index)])
    app[SITE] = site
    app[BACKGROUND] = Background()
    app[LIVE] = LiveLogins()
    if site.pages is not None:
        set_up_pages(app, site.pages)
    _add_routes(app, routes, index)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(stop_live)
    app.cleanup_ctx.append(background_context)
    return app


def _add_routes(app: web.Application, routes: Sequence[AnyRoute], index: RouteIndex) -> None:
    for route in routes:
        index[app.router.add_route(route.method, route.path, route.handler)] = route
        if route.method == "GET" and route.kind in _HEAD_TOO:
            index[app.router.add_route("HEAD", route.path, route.handler)] = route

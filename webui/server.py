"""The device's web application, built from the route table."""

from __future__ import annotations

from aiohttp import web

from webui.context import DEVICE, Device
from webui.middleware import RouteIndex, make_middleware
from webui.pages.setup import set_up_pages
from webui.routes import ROUTES
from webui.routing import Route
from webui.security.headers import add_security_headers

_HEAD_TOO = frozenset({"api", "page", "form"})


def make_app(device: Device) -> web.Application:
    """The application that serves ``device``: every row of the route table behind the gate, and nothing else."""
    index: RouteIndex = {}
    app = web.Application(middlewares=[make_middleware(device, index)])
    app[DEVICE] = device
    set_up_pages(app)
    _add_routes(app, ROUTES, index)
    app.on_response_prepare.append(add_security_headers)
    return app


def _add_routes(app: web.Application, routes: list[Route], index: RouteIndex) -> None:
    for route in routes:
        index[app.router.add_route(route.method, route.path, route.handler)] = route
        if route.method == "GET" and route.kind in _HEAD_TOO:
            index[app.router.add_route("HEAD", route.path, route.handler)] = route

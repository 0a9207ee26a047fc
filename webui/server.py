"""The device's web application, built from the route table."""

from __future__ import annotations

import time

from aiohttp import web

from webui.api.description import DESCRIPTION, Description
from webui.api.metrics import set_up_metrics
from webui.background import BACKGROUND, Background, background_context
from webui.context import DEVICE, Device
from webui.meters import METERS, Meters
from webui.middleware import RouteIndex, make_middleware
from webui.pages.setup import set_up_pages
from webui.routes import ROUTES
from webui.routing import Route
from webui.security.headers import add_security_headers
from webui.streams.control_watch import CONTROL_WATCH, ControlWatch, control_watch_context
from webui.streams.live import LIVE, LiveLogins, live_context, stop_live
from webui.wellness import WELLNESS, WellnessCheck

_HEAD_TOO = frozenset({"api", "page", "form"})


def make_app(device: Device) -> web.Application:
    """The application that serves ``device``: every row of the route table behind the gate, and nothing else."""
    index: RouteIndex = {}
    app = web.Application(middlewares=[make_middleware(device, index)])
    app[DEVICE] = device
    app[METERS] = Meters()
    app[BACKGROUND] = Background()
    app[LIVE] = LiveLogins()
    app[CONTROL_WATCH] = ControlWatch(device.bus)
    app[WELLNESS] = WellnessCheck(device, time.monotonic)
    set_up_metrics(app)
    app[DESCRIPTION] = Description(device.version)
    set_up_pages(app)
    _add_routes(app, ROUTES, index)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(stop_live)
    app.cleanup_ctx.extend([live_context, control_watch_context, background_context])
    return app


def _add_routes(app: web.Application, routes: list[Route], index: RouteIndex) -> None:
    for route in routes:
        index[app.router.add_route(route.method, route.path, route.handler)] = route
        if route.method == "GET" and route.kind in _HEAD_TOO:
            index[app.router.add_route("HEAD", route.path, route.handler)] = route

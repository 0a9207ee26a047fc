"""The hub's web application, built from the route table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from foundation.web.application import make_application
from foundation.web.description import DESCRIPTION, Description
from foundation.web.metrics import EXPOSITION, Collector, Exposition
from foundation.web.routing import Route
from foundation.web.streams.live import LIVE
from hub.people.roles import Role
from hub.web.api.health import WELLNESS, WellnessCheck
from hub.web.context import HUB, Hub
from hub.web.routes import ROUTES
from hub.web.site import site_of_hub


def make_app(hub: Hub, routes: Sequence[Route[Role]] = ROUTES) -> web.Application:
    """The application that serves ``hub``: every row of the route table behind the gate, and nothing else."""
    app = make_application(site_of_hub(hub), routes)
    app[HUB] = hub
    app[WELLNESS] = WellnessCheck(hub)
    app[DESCRIPTION] = Description("hub.web.describe", hub.version)
    app[EXPOSITION] = Exposition(lambda: _collector(hub))
    app.cleanup_ctx.append(_revocations)
    return app


async def _revocations(app: web.Application) -> AsyncIterator[None]:
    """Streams and sockets end with the login they stand on, and come again when its grants became others."""
    unsubscribe = app[HUB].people.ground.bearers.on_forgotten(app[LIVE].revoked)
    yield
    unsubscribe()


def _collector(hub: Hub) -> Collector:
    # Loaded here: it takes memory, and most hubs are never scraped.
    from hub.web.metrics import HubCollector

    return HubCollector(hub.version, hub.started_at, hub.metrics)

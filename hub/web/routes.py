"""Every route of the hub's web in one list. Each part adds its table here."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.api.tables.commands import COMMAND_ROUTES
from hub.web.api.tables.enrolment import ENROLMENT_ROUTES
from hub.web.api.tables.fleet import FLEET_ROUTES
from hub.web.api.tables.people import PEOPLE_ROUTES
from hub.web.api.tables.rollouts import ROLLOUT_ROUTES
from hub.web.device_pages import DEVICE_PAGE_ROUTES
from hub.web.link import LINK_ROUTES
from hub.web.pages.routes import PAGE_ROUTES

ROUTES: Final[list[Route[Role]]] = [
    *PEOPLE_ROUTES,
    *ENROLMENT_ROUTES,
    *FLEET_ROUTES,
    *COMMAND_ROUTES,
    *ROLLOUT_ROUTES,
    *LINK_ROUTES,
    *DEVICE_PAGE_ROUTES,
    *PAGE_ROUTES,
]

"""The table of pages: every address a browser can open or send a form to."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.pages.routes_fleet import FLEET_PAGES
from hub.web.pages.routes_rollouts import ROLLOUT_PAGES
from hub.web.pages.routes_settings import IN_AND_OUT, SETTINGS_PAGES

PAGE_ROUTES: Final[list[Route[Role]]] = [*IN_AND_OUT, *FLEET_PAGES, *ROLLOUT_PAGES, *SETTINGS_PAGES]

"""Every route of the device's web in one list."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api.routes import API_ROUTES
from webui.pages.routes import PAGE_ROUTES

ROUTES: Final[list[Route[Role]]] = [*API_ROUTES, *PAGE_ROUTES]

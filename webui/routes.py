"""Every route of the device's web in one list."""

from __future__ import annotations

from typing import Final

from webui.api.routes import API_ROUTES
from webui.pages.routes import PAGE_ROUTES
from webui.routing import Route

ROUTES: Final[list[Route]] = [*API_ROUTES, *PAGE_ROUTES]

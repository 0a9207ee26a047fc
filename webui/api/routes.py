"""The table of the REST API."""

from __future__ import annotations

from typing import Final

from webui.routing import Route

API_ROUTES: Final[list[Route]] = []

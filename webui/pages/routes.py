"""The table of pages."""

from __future__ import annotations

from typing import Final

from webui.routing import Route

PAGE_ROUTES: Final[list[Route]] = []

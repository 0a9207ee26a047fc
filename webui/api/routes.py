"""The table of the REST API and the streams: every address, who may call it, and what it takes and answers."""

from __future__ import annotations

from typing import Final

from webui.api.tables.accounts import ACCOUNT_ROUTES
from webui.api.tables.device import DEVICE_ROUTES
from webui.api.tables.files import FILE_ROUTES
from webui.api.tables.sessions import SESSION_ROUTES
from webui.routing import Route

API_ROUTES: Final[list[Route]] = [*ACCOUNT_ROUTES, *SESSION_ROUTES, *FILE_ROUTES, *DEVICE_ROUTES]

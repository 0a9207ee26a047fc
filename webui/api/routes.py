"""The table of the REST API and the streams: every address, who may call it, and what it takes and answers."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api.tables.accounts import ACCOUNT_ROUTES
from webui.api.tables.agents import AGENT_ROUTES
from webui.api.tables.care import CARE_ROUTES
from webui.api.tables.conversations import CONVERSATION_ROUTES
from webui.api.tables.device import DEVICE_ROUTES
from webui.api.tables.files import FILE_ROUTES
from webui.api.tables.notifications import NOTIFICATION_ROUTES
from webui.api.tables.sessions import SESSION_ROUTES
from webui.api.tables.updates import UPDATE_ROUTES
from webui.api.tables.workers import WORKER_ROUTES

API_ROUTES: Final[list[Route[Role]]] = [
    *ACCOUNT_ROUTES,
    *SESSION_ROUTES,
    *CONVERSATION_ROUTES,
    *WORKER_ROUTES,
    *NOTIFICATION_ROUTES,
    *FILE_ROUTES,
    *AGENT_ROUTES,
    *DEVICE_ROUTES,
    *UPDATE_ROUTES,
    *CARE_ROUTES,
]

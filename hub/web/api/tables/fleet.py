"""Devices as they are, sessions over all of them, what happens."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.api import fleet
from hub.web.api.models import fleet as models
from hub.web.api.tables.alerts import ALERT_ROUTES
from hub.web.security.scopes import HUB_SCOPE

SMALL: Final = 16 * 1024
"""Bytes of a body that holds a few fields."""

FLEET_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/devices",
        fleet.list_devices,
        Role.VIEWER,
        "List devices",
        query=models.DevicesQuery,
        answer=models.DevicesAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/fleet",
        fleet.summary,
        Role.VIEWER,
        "The fleet in numbers",
        answer=models.SummaryAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/devices/{device_id}/state",
        fleet.show_state,
        Role.VIEWER,
        "How a device is",
        answer=models.DeviceState,
        scope="device",
    ),
    Route(
        "PUT",
        "/api/devices/{device_id}/tags",
        fleet.put_tags,
        Role.OPERATOR,
        "Give a device tags",
        "device.tags",
        body=models.TagsBody,
        answer=models.TagsAnswer,
        max_body=SMALL,
        scope="device",
    ),
    Route(
        "GET",
        "/api/devices/{device_id}/health",
        fleet.health,
        Role.VIEWER,
        "Health of a device",
        query=models.HealthQuery,
        answer=models.HealthAnswer,
        scope="device",
    ),
    Route(
        "GET",
        "/api/sessions",
        fleet.list_sessions,
        Role.VIEWER,
        "List sessions over all devices",
        query=models.SessionsQuery,
        answer=models.FleetSessionsAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/events",
        fleet.events,
        Role.VIEWER,
        "Follow what happens",
        query=models.EventsQuery,
        kind="stream",
        raw_answer=("text/event-stream",),
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/events/past",
        fleet.list_events,
        Role.VIEWER,
        "What happened",
        query=models.TrailQuery,
        answer=models.TrailAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/groups/{group_id}/alerts",
        fleet.show_thresholds,
        Role.VIEWER,
        "When devices of a group need a look",
        answer=models.ThresholdsAnswer,
        scope="group",
    ),
    Route(
        "PUT",
        "/api/groups/{group_id}/alerts",
        fleet.put_thresholds,
        Role.OWNER,
        "Say when devices of a group need a look",
        "group.alerts",
        body=models.ThresholdsBody,
        answer=models.ThresholdsAnswer,
        max_body=SMALL,
        scope="group",
    ),
    *ALERT_ROUTES,
]

"""Alerts, and where they are told."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.api import alerts, notifications
from hub.web.api.models import alerts as alert_models
from hub.web.security.scopes import HUB_SCOPE

SMALL: Final = 16 * 1024
"""Bytes of a body that holds a few fields."""

ALERT_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/alerts",
        alerts.list_alerts,
        Role.VIEWER,
        "List alerts",
        query=alert_models.AlertsQuery,
        answer=alert_models.AlertsAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/alerts/rules",
        alerts.list_rules,
        Role.VIEWER,
        "List the rules of alerts",
        answer=alert_models.RulesAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/alerts/{alert_id}/acknowledge",
        alerts.acknowledge,
        Role.OPERATOR,
        "Take care of an alert",
        "alert.acknowledge",
        answer=alert_models.AlertAnswer,
        max_body=SMALL,
        scope="alert",
    ),
    Route(
        "GET",
        "/api/notifications",
        notifications.list_targets,
        Role.VIEWER,
        "List where alerts are told",
        query=alert_models.TargetsQuery,
        answer=alert_models.TargetsAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/notifications",
        notifications.add_target,
        Role.VIEWER,
        "Have alerts told somewhere",
        "notification.add",
        body=alert_models.NewTarget,
        answer=alert_models.TargetAnswer,
        status=201,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route(
        "PUT",
        "/api/notifications/{target_id}",
        notifications.change_target,
        Role.VIEWER,
        "Change what a target is told",
        "notification.change",
        body=alert_models.WishesBody,
        answer=alert_models.TargetAnswer,
        max_body=SMALL,
        scope="target",
    ),
    Route(
        "DELETE",
        "/api/notifications/{target_id}",
        notifications.remove_target,
        Role.VIEWER,
        "Tell a target nothing more",
        "notification.remove",
        status=204,
        scope="target",
    ),
    Route(
        "POST",
        "/api/notifications/{target_id}/test",
        notifications.test_target,
        Role.VIEWER,
        "Send a target a message now",
        "notification.test",
        status=204,
        max_body=SMALL,
        scope="target",
    ),
]

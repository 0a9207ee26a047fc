"""Notifications."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import notifications
from webui.api.models import notifications as models
from webui.api.tables.sizes import SMALL

NOTIFICATION_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/notifications/key",
        notifications.push_key,
        Role.VIEWER,
        "The key for push services",
        answer=models.PushKeyAnswer,
    ),
    Route(
        "GET",
        "/api/notifications/browsers",
        notifications.list_browsers,
        Role.VIEWER,
        "One's own browsers that are told",
        answer=models.BrowsersAnswer,
    ),
    Route(
        "POST",
        "/api/notifications/browsers",
        notifications.add_browser,
        Role.VIEWER,
        "Tell a browser",
        "notification.browser",
        body=models.NewBrowser,
        answer=models.AddedBrowser,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "DELETE",
        "/api/notifications/browsers/{browser_id}",
        notifications.remove_browser,
        Role.VIEWER,
        "Do not tell a browser any more",
        "notification.browser",
        status=204,
    ),
    Route(
        "POST",
        "/api/notifications/browsers/{browser_id}/test",
        notifications.test_browser,
        Role.VIEWER,
        "Tell a browser something now",
        "notification.test",
        status=204,
        max_body=SMALL,
    ),
]

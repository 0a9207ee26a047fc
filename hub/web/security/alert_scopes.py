"""``{alert_id}`` and ``{target_id}`` in a path."""

from __future__ import annotations

from aiohttp import web

from foundation.web.parsing import path_number
from hub.fleet.alerts.store import AlertStore
from hub.fleet.alerts.types import Alert
from hub.fleet.notify.targets import Target, Targets
from hub.web.context import identity_or_none
from hub.web.security.scopes import Found
from protocol.problems import Problem, ProblemCode

ALERT: web.RequestKey[Alert] = web.RequestKey("alert", Alert)
"""The alert that ``{alert_id}`` names, on routes of that scope."""
TARGET: web.RequestKey[Target] = web.RequestKey("target", Target)
"""The target that ``{target_id}`` names, on routes of that scope."""


class AlertScope:
    """``{alert_id}`` in a path."""

    scope = "alert"

    def __init__(self, alerts: AlertStore) -> None:
        self._alerts = alerts

    async def resolve(self, request: web.Request) -> Found | None:
        """The alert, put on the request."""
        try:
            alert = await self._alerts.get(path_number(request, "alert_id"))
        except Problem as problem:
            if problem.code is ProblemCode.NOT_FOUND:
                return None
            raise
        request[ALERT] = alert
        return Found(alert.organisation_id, alert.group_id, alert.device_id)


class TargetScope:
    """``{target_id}`` in a path; the personal target of somebody else is not there."""

    scope = "target"

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    async def resolve(self, request: web.Request) -> Found | None:
        """The target, put on the request."""
        target, identity = await self._targets.find(path_number(request, "target_id")), identity_or_none(request)
        if target is None or identity is None:
            return None
        if target.whose.person_id not in (None, identity.person.id):
            return None
        request[TARGET] = target
        return Found(target.whose.organisation_id, target.whose.group_id)

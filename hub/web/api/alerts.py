"""Alerts: listed, acknowledged."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from foundation.web.answers import answer
from foundation.web.context import note
from foundation.web.parsing import parse_query
from hub.fleet.alerts.news import acknowledged
from hub.fleet.alerts.rules import RULES
from hub.fleet.alerts.store import AlertQuery
from hub.fleet.alerts.types import Alert
from hub.store.tables.fleet import alerts
from hub.web.api.models import alerts as models
from hub.web.context import hub_of, identity_of
from hub.web.security.alert_scopes import ALERT


async def list_alerts(request: web.Request) -> web.Response:
    """Alerts one sees, newest first; ``before`` turns the page."""
    query = parse_query(request, models.AlertsQuery)
    where = identity_of(request).grants.groups().clause(alerts.c.organisation_id, alerts.c.group_id)
    found = await hub_of(request).fleet.alerts.list(
        AlertQuery(where, open_only=query.open, device_id=query.device, before=query.before, limit=query.limit)
    )
    return answer(models.AlertsAnswer(alerts=[models.AlertAnswer.of(one) for one in found]))


async def list_rules(_request: web.Request) -> web.Response:
    """Every rule there is."""
    rules = [models.RuleAnswer(name=rule.name, severity=rule.severity, summary=rule.summary) for rule in RULES]
    return answer(models.RulesAnswer(rules=rules))


async def acknowledge(request: web.Request) -> web.Response:
    """Say that one takes care; nobody is told of this alert any more."""
    return answer(models.AlertAnswer.of(await take_care(request)))


async def take_care(request: web.Request) -> Alert:
    """Note that whoever asks takes care of the alert that the path names, and tell everybody the first time."""
    alert, fleet, by = request[ALERT], hub_of(request).fleet, identity_of(request).name
    note(request).target = f"{alert.name}: {alert.rule}"
    if alert.acknowledged_at is None:
        alert = await fleet.alerts.acknowledge(alert.id, by)
        fleet.announcer.publish(acknowledged(alert, datetime.now(UTC), by))
    return alert

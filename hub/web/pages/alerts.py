"""What needs, or needed, a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.models import MAX_NUMBER
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import parse_query
from hub.fleet.alerts.store import AlertQuery
from hub.fleet.alerts.types import Alert
from hub.people.roles import Role
from hub.store.tables.fleet import alerts
from hub.web.api.alerts import take_care
from hub.web.context import hub_of, identity_of

PAGE_OF: Final = 50


class AlertsPageQuery(BaseModel):
    """Which alerts."""

    model_config = ConfigDict(extra="ignore")

    all: bool = False
    before: int | None = Field(None, ge=1, le=MAX_NUMBER)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert, and whether this person may say that they take care."""

    alert: Alert
    may_take: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsListView(PageView):
    """The list alone."""

    rows: Sequence[AlertRow]
    all: bool
    older: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsView(PageView):
    """The page."""

    list: AlertsListView
    query: str


async def alerts_page(request: web.Request) -> web.StreamResponse:
    """GET /alerts; ``?all=true`` also those that are over."""
    query = parse_query(request, AlertsPageQuery)
    listed = await _list(request, query)
    before = f"&before={query.before}" if query.before else ""
    view = AlertsView(title="Alerts", nav="alerts", list=listed, query=f"all={str(query.all).lower()}{before}")
    return render(request, "alerts.html", view)


async def alerts_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/alerts: the list alone."""
    return render(request, "parts/alerts.html", await _list(request, parse_query(request, AlertsPageQuery)))


async def acknowledge(request: web.Request) -> web.StreamResponse:
    """POST /alerts/{alert_id}/acknowledge."""
    await take_care(request)
    return back_to(request, "/alerts", "alert-taken")


async def _list(request: web.Request, query: AlertsPageQuery) -> AlertsListView:
    grants = identity_of(request).grants
    where = grants.groups().clause(alerts.c.organisation_id, alerts.c.group_id)
    found = await hub_of(request).fleet.alerts.list(
        AlertQuery(where, open_only=not query.all, before=query.before, limit=PAGE_OF + 1)
    )
    shown, reach = found[:PAGE_OF], grants.groups(Role.OPERATOR)
    return AlertsListView(
        title="Alerts",
        rows=[AlertRow(one, reach.covers(one.organisation_id, one.group_id)) for one in shown],
        all=query.all,
        older=shown[-1].id if len(found) > PAGE_OF else None,
    )

"""The first page: every device one sees, and what of them needs a look. Its parts are also served alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from foundation.web.models import MAX_NUMBER
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import parse_query
from hub.fleet.alerts.store import AlertQuery
from hub.fleet.alerts.types import Alert
from hub.fleet.devices import DeviceQuery, DeviceView, Summary
from hub.people.roles import Role
from hub.store.tables.fleet import alerts
from hub.web.api.organisations import public_origin
from hub.web.context import hub_of, identity_of
from hub.web.pages.meters import Meter, meters_of
from hub.web.pages.mine import Groups, my_devices, my_groups, up_to_date

PAGE_OF: Final = 50
SHOWN_ALERTS: Final = 3
SORTS: Final = (
    ("name", "By name"),
    ("-waiting", "Waiting first"),
    ("-last_seen", "Last seen"),
    ("-cpu", "Busiest first"),
    ("-heat", "Hottest first"),
    ("-version", "By version"),
    ("-created", "Newest first"),
)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device in the list."""

    device: DeviceView
    group: str
    meters: Sequence[Meter]


@dataclass(frozen=True, slots=True)
class StatePill:
    """A state to choose, and how many there are; None where nobody counts them."""

    state: str
    name: str
    count: int | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView(PageView):
    """The list alone."""

    rows: Sequence[DeviceRow]
    filtered: bool
    """Whether a search or a filter leaves devices out."""
    newest: str
    next: str | None
    """The address of the next page; None at the end."""
    first_page: bool
    may_add: bool
    origin: str
    """Where devices reach this hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadView(PageView):
    """What needs a look, and the states to choose from."""

    summary: Summary
    pills: Sequence[StatePill]
    state: str
    alerts: Sequence[Alert]
    more_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView(PageView):
    """All of the first page."""

    list: ListView
    head: HeadView
    query: str
    """The filters as a query string, for the parts."""
    q: str
    group: str
    tag: str
    sort: str
    groups: Sequence[tuple[str, str]]
    tags: Sequence[tuple[str, str]]
    sorts: Sequence[tuple[str, str]]


def none_when_empty(value: object) -> object:
    """What an empty field of a form means."""
    return None if value == "" else value


class FleetQuery(BaseModel):
    """Which devices, in which order, from where on. Empty fields of the form are as good as none."""

    model_config = ConfigDict(extra="ignore")

    q: str = Field("", max_length=200)
    group: Annotated[int | None, BeforeValidator(none_when_empty)] = Field(None, ge=1, le=MAX_NUMBER)
    tag: Annotated[str | None, BeforeValidator(none_when_empty)] = Field(None, max_length=32)
    state: Annotated[
        Literal["online", "offline", "new", "waiting", "alert", "revoked"] | None, BeforeValidator(none_when_empty)
    ] = None
    sort: Literal["name", "-waiting", "-last_seen", "-cpu", "-heat", "-version", "-created"] = "name"
    after: Annotated[str | None, BeforeValidator(none_when_empty)] = Field(None, max_length=1024)

    def address(self, **other: str | None) -> str:
        """The query string of the same list with some things otherwise; what is usual is left out."""
        values = {**self.model_dump(mode="json"), "after": None, **other}
        usual = {"sort": "name"}
        return urlencode({name: value for name, value in values.items() if value and usual.get(name) != value})


async def fleet_page(request: web.Request) -> web.StreamResponse:
    """GET /."""
    query = parse_query(request, FleetQuery)
    groups = await my_groups(request)
    tags = await hub_of(request).fleet.tags.used(my_devices(request))
    view = FleetView(
        title="Fleet",
        nav="fleet",
        list=await _list(request, query, groups),
        head=await _head(request, query),
        query=query.address(after=query.after),
        q=query.q,
        group=str(query.group or ""),
        tag=query.tag or "",
        sort=query.sort,
        groups=[("", "Every group"), *groups.options()],
        tags=[("", "Every tag"), *((tag, f"{tag} ({count})") for tag, count in tags.items())],
        sorts=SORTS,
    )
    return render(request, "fleet.html", view)


async def list_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet: the list alone."""
    query = parse_query(request, FleetQuery)
    return render(request, "parts/fleet.html", await _list(request, query, await my_groups(request)))


async def head_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet-head: what needs a look, and the states, alone."""
    return render(request, "parts/fleet_head.html", await _head(request, parse_query(request, FleetQuery)))


async def _list(request: web.Request, query: FleetQuery, groups: Groups) -> ListView:
    fleet = hub_of(request).fleet
    await up_to_date(request)
    page = await fleet.devices.page(
        DeviceQuery(
            my_devices(request),
            q=query.q,
            group_id=query.group,
            tag=query.tag,
            state=query.state,
            sort=query.sort,
            after=query.after,
            limit=PAGE_OF,
        )
    )
    names = groups.names
    return ListView(
        title="Fleet",
        rows=[DeviceRow(one, names.get(one.group_id, ""), meters_of(one)) for one in page.devices],
        filtered=bool(query.q or query.group or query.tag or query.state),
        newest=f"/?{query.address()}",
        next=f"/?{query.address(after=page.after)}" if page.after else None,
        first_page=query.after is None,
        may_add=bool(groups.may(request, Role.OPERATOR).choices),
        origin=public_origin(request),
    )


async def _head(request: web.Request, query: FleetQuery) -> HeadView:
    fleet = hub_of(request).fleet
    await up_to_date(request)
    summary = await fleet.devices.summary(my_devices(request))
    where = identity_of(request).grants.groups().clause(alerts.c.organisation_id, alerts.c.group_id)
    where &= alerts.c.acknowledged_at.is_(None)
    found = await fleet.alerts.list(AlertQuery(where, open_only=True, limit=100))
    return HeadView(
        title="Fleet",
        summary=summary,
        pills=_pills(query, summary),
        state=query.state or "",
        alerts=found[:SHOWN_ALERTS],
        more_alerts=max(0, len(found) - SHOWN_ALERTS),
    )


def _pills(query: FleetQuery, summary: Summary) -> list[StatePill]:
    counts: Mapping[str, int | None] = {
        "": summary.devices,
        "online": summary.online,
        "offline": None,
        "waiting": summary.waiting,
        "alert": summary.alerts,
        "new": None,
    }
    names = {
        "": "All",
        "online": "Online",
        "offline": "Offline",
        "waiting": "Waits for you",
        "alert": "Alerts",
        "new": "Never seen",
    }
    if query.state == "revoked":
        counts, names = {**counts, "revoked": None}, {**names, "revoked": "Revoked"}
    return [
        StatePill(state, name, counts[state], f"/?{query.address(state=state or None)}")
        for state, name in names.items()
    ]

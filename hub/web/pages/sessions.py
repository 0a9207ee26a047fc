"""The sessions of all devices one sees, the liveliest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from foundation.web.models import MAX_NUMBER
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import parse_query
from hub.fleet.sessions import SessionQuery, SessionRow
from hub.people.roles import Role
from hub.web.context import hub_of, identity_of
from hub.web.pages.fleet import none_when_empty
from hub.web.pages.mine import my_devices, my_groups, up_to_date

PAGE_OF: Final = 50
STATES: Final = (
    ("", "All"),
    ("waiting", "Waits for you"),
    ("working", "Working"),
    ("idle", "Idle"),
)


class SessionsPageQuery(BaseModel):
    """Which sessions."""

    model_config = ConfigDict(extra="ignore")

    q: str = Field("", max_length=200)
    status: Annotated[Literal["waiting", "working", "idle"] | None, BeforeValidator(none_when_empty)] = None
    group: Annotated[int | None, BeforeValidator(none_when_empty)] = Field(None, ge=1, le=MAX_NUMBER)
    after: Annotated[str | None, BeforeValidator(none_when_empty)] = Field(None, max_length=1024)

    def address(self, **other: str | None) -> str:
        """The query string of the same list with some things otherwise."""
        values = {**self.model_dump(mode="json"), "after": None, **other}
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Row:
    """A session, and whether this person may end it."""

    session: SessionRow
    may_work: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsListView(PageView):
    """The list alone."""

    rows: Sequence[Row]
    filtered: bool
    next: str | None
    newest: str
    first_page: bool


@dataclass(frozen=True, slots=True)
class Pill:
    """A status to choose."""

    status: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsView(PageView):
    """The page."""

    list: SessionsListView
    query: str
    q: str
    status: str
    group: str
    pills: Sequence[Pill]
    groups: Sequence[tuple[str, str]]


async def sessions_page(request: web.Request) -> web.StreamResponse:
    """GET /sessions."""
    query = parse_query(request, SessionsPageQuery)
    groups = await my_groups(request)
    view = SessionsView(
        title="Sessions",
        nav="sessions",
        list=await _list(request, query),
        query=query.address(after=query.after),
        q=query.q,
        status=query.status or "",
        group=str(query.group or ""),
        pills=[Pill(status, name, f"/sessions?{query.address(status=status or None)}") for status, name in STATES],
        groups=[("", "Every group"), *groups.options()],
    )
    return render(request, "sessions.html", view)


async def sessions_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/sessions: the list alone."""
    return render(request, "parts/sessions.html", await _list(request, parse_query(request, SessionsPageQuery)))


async def _list(request: web.Request, query: SessionsPageQuery) -> SessionsListView:
    fleet, grants = hub_of(request).fleet, identity_of(request).grants
    await up_to_date(request)
    page = await fleet.sessions.page(
        SessionQuery(
            my_devices(request),
            q=query.q,
            status=(query.status,) if query.status else (),
            group_id=query.group,
            after=query.after,
            limit=PAGE_OF,
        )
    )
    reach = grants.groups(Role.OPERATOR)
    return SessionsListView(
        title="Sessions",
        rows=[Row(one, reach.covers(one.organisation_id, one.group_id)) for one in page.sessions],
        filtered=bool(query.q or query.status or query.group),
        next=f"/sessions?{query.address(after=page.after)}" if page.after else None,
        newest=f"/sessions?{query.address()}",
        first_page=query.after is None,
    )

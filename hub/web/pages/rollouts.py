"""The rollouts of the groups one sees, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.models import MAX_NUMBER
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import parse_query
from hub.people.roles import Role
from hub.rollouts.book import Step
from hub.rollouts.types import Rollout, TargetState
from hub.store.tables.rollouts import rollouts
from hub.web.context import hub_of, identity_of
from hub.web.pages.mine import my_groups

PAGE_OF: Final = 25


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the bar: where it begins and how wide it is, in percent, and what it stands for."""

    state: str
    start: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A rollout in the list."""

    rollout: Rollout
    group: str
    bar: Sequence[Share]
    total: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutsListView(PageView):
    """The list alone."""

    rows: Sequence[RolloutRow]
    older: int | None
    may_propose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutsView(PageView):
    """The page."""

    list: RolloutsListView
    query: str


class RolloutsPageQuery(BaseModel):
    """Which page of the list."""

    model_config = ConfigDict(extra="ignore")

    after: int | None = Field(None, ge=1, le=MAX_NUMBER)


async def rollouts_page(request: web.Request) -> web.StreamResponse:
    """GET /rollouts."""
    query = parse_query(request, RolloutsPageQuery)
    view = RolloutsView(
        title="Rollouts",
        nav="rollouts",
        list=await _list(request, query),
        query=f"after={query.after}" if query.after else "",
    )
    return render(request, "rollouts.html", view)


async def rollouts_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/rollouts: the list alone."""
    return render(request, "parts/rollouts.html", await _list(request, parse_query(request, RolloutsPageQuery)))


async def _list(request: web.Request, query: RolloutsPageQuery) -> RolloutsListView:
    groups = await my_groups(request)
    where = identity_of(request).grants.groups().clause(rollouts.c.organisation_id, rollouts.c.group_id)
    found = await hub_of(request).rollouts.listed(where, older_than=query.after, limit=PAGE_OF + 1)
    shown = found[:PAGE_OF]
    return RolloutsListView(
        title="Rollouts",
        rows=[row_of(step, groups.names.get(step.rollout.group_id, "")) for step in shown],
        older=shown[-1].rollout.id if len(found) > PAGE_OF else None,
        may_propose=bool(groups.may(request, Role.OPERATOR).choices),
    )


_BAR: Final = (
    (TargetState.DONE, "done"),
    (TargetState.INSTALLED, "installed, not back yet"),
    (TargetState.OFFERED, "under way"),
    (TargetState.FAILED, "failed"),
    (TargetState.WAITING, "waiting"),
)


def row_of(step: Step, group: str) -> RolloutRow:
    """How a rollout stands, for a list or its own page."""
    tally, total = step.tally, step.tally.total
    bar: list[Share] = []
    start = 0.0
    for state, words in _BAR:
        count = tally.of(state)
        if count:
            width = 100 * count / total
            bar.append(Share(state.value, round(start, 2), round(width, 2), f"{count} {words}"))
            start += width
    done, failed = tally.of(TargetState.DONE), tally.of(TargetState.FAILED)
    return RolloutRow(step.rollout, group, bar, total, done, failed)

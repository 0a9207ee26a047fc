"""When the devices of a group need a look: the thresholds of its alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from pydantic import ConfigDict

from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from hub.fleet.alerts.rules import RULES
from hub.fleet.alerts.types import Thresholds
from hub.people.types import Group
from hub.web.api.fleet import keep_thresholds
from hub.web.context import hub_of
from hub.web.pages.settings import OrganisationView, surroundings
from hub.web.security.scopes import GROUP
from protocol.problems import Problem, ProblemCode

LOOKED_AT: Final = tuple((rule.name, rule.summary) for rule in RULES if rule.look is not None)
"""The rules that look at devices; a rollout that halts is told of in any case."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One number of the form."""

    name: str
    label: str
    least: float
    most: float
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdsView(OrganisationView):
    """The form."""

    group: Group
    limits: Sequence[Limit]
    rules: Sequence[tuple[str, str]]
    chosen: frozenset[str]
    form: FormState


class ThresholdsForm(Thresholds):
    """The numbers; which rules count is ticked one by one."""

    model_config = ConfigDict(extra="ignore")


_LABELS: Final = (
    ("offline_minutes", "Offline for, minutes", 0.5, 10_080.0),
    ("waiting_minutes", "An agent waits for, minutes", 0.0, 10_080.0),
    ("disk_percent", "Disk full, %", 10.0, 100.0),
    ("disk_clear_percent", "and over again below, %", 0.0, 100.0),
    ("heat_celsius", "Processor hot, °C", 30.0, 150.0),
    ("heat_clear_celsius", "and over again below, °C", 0.0, 150.0),
    ("throttled_minutes", "Slowed down for, minutes", 0.0, 1440.0),
)


async def thresholds_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/groups/{group_id}/alerts."""
    return await _page(request, FormState(), 200)


async def keep(request: web.Request) -> web.StreamResponse:
    """POST /settings/groups/{group_id}/alerts."""
    show_refusals(request, _page)
    form = await read_form(request, ThresholdsForm)
    fields = await posted(request)
    ticked = tuple(name for name, _ in LOOKED_AT if f"rule-{name}" in fields)
    enabled = None if len(ticked) == len(LOOKED_AT) else ticked
    await keep_thresholds(request, Thresholds(**{**form.model_dump(), "enabled": enabled}))
    return back_to(request, f"/settings/groups/{request[GROUP].id}/alerts", "thresholds-set")


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    group, hub = request[GROUP], hub_of(request)
    organisation = await hub.people.organisations.find(group.organisation_id)
    if organisation is None:
        raise Problem(ProblemCode.NOT_FOUND, "This organisation is gone. Open the settings anew.")
    around, now = await surroundings(request, organisation), hub.fleet.limits.of(group.id)
    if state.values:
        chosen = frozenset(name.removeprefix("rule-") for name in state.values if name.startswith("rule-"))
    else:
        chosen = frozenset(name for name, _ in LOOKED_AT if now.enabled is None or name in now.enabled)
    view = ThresholdsView(
        title=f"Alerts of {group.name}",
        place="groups",
        places=around.places,
        organisation=organisation,
        organisations=around.organisations,
        group=group,
        limits=[Limit(name, label, least, most, f"{getattr(now, name):g}") for name, label, least, most in _LABELS],
        rules=LOOKED_AT,
        chosen=chosen,
        form=state,
    )
    return render(request, "settings/alerts.html", view, status)

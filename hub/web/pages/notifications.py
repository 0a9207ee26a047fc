"""Where alerts are told: targets of one's own, and of the groups one owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa
from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from foundation.notify.kinds import KINDS, MAX_ADDRESS
from foundation.notify.zones import find_zone
from foundation.web.context import note
from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from hub.fleet.alerts.rules import RULES
from hub.fleet.notify.targets import Target, Whose, Wishes
from hub.people.roles import Role
from hub.store.tables.fleet import notification_targets as targets
from hub.web.api.notifications import check_place, owned
from hub.web.context import hub_of, identity_of
from hub.web.pages.mine import my_groups
from protocol.problems import Problem, ProblemCode

ALL_RULES: Final = tuple((rule.name, rule.summary) for rule in RULES)
_TIME: Final = r"^([01]\d|2[0-3]):[0-5]\d$"


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target, whose it is, and what it wants to be told, in words."""

    target: Target
    kind: str
    whose: str
    wants: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsView(PageView):
    """The targets, and the form for one more."""

    rows: Sequence[TargetRow]
    whose: Sequence[tuple[str, str]]
    rules: Sequence[tuple[str, str]]
    chosen: frozenset[str]
    kinds: str
    form: FormState


def _time_or_none(value: object) -> object:
    return None if value == "" else value


class TargetForm(BaseModel):
    """Where to tell what, and when not to. ``whose`` is ``me:ORG``, ``organisation:ORG`` or ``group:ORG:GROUP``."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=64)
    address: SecretStr = Field(min_length=1, max_length=MAX_ADDRESS)
    whose: str = Field(pattern=r"^(me:\d{1,15}|organisation:\d{1,15}|group:\d{1,15}:\d{1,15})$")
    critical_only: bool = False
    tells_cleared: bool = False
    quiet_from: Annotated[str | None, BeforeValidator(_time_or_none)] = Field(None, pattern=_TIME)
    quiet_to: Annotated[str | None, BeforeValidator(_time_or_none)] = Field(None, pattern=_TIME)
    timezone: str = Field("UTC", max_length=64)


async def notifications_page(request: web.Request) -> web.StreamResponse:
    """GET /notifications."""
    return await _page(request, FormState(), 200)


async def add_target(request: web.Request) -> web.StreamResponse:
    """POST /notifications."""
    show_refusals(request, _page)
    form = await read_form(request, TargetForm)
    note(request).target = form.name
    place = _place(request, form.whose)
    await check_place(request, place.organisation_id, place.group_id, personal=place.person_id is not None)
    wishes = await _wishes(form, await _rules(request))
    target = await hub_of(request).fleet.targets.add(place, wishes, form.address.get_secret_value())
    note(request).details["kind"] = target.kind
    return back_to(request, "/notifications", "target-added")


async def test_target(request: web.Request) -> web.StreamResponse:
    """POST /notifications/{target_id}/test."""
    show_refusals(request, _page)
    await hub_of(request).fleet.targets.test(owned(request))
    return back_to(request, "/notifications", "target-tested")


async def remove_target(request: web.Request) -> web.StreamResponse:
    """POST /notifications/{target_id}/remove."""
    show_refusals(request, _page)
    await hub_of(request).fleet.targets.remove(owned(request))
    return back_to(request, "/notifications", "target-removed")


def _place(request: web.Request, whose: str) -> Whose:
    kind, *numbers = whose.split(":")
    organisation_id = int(numbers[0])
    if kind == "me":
        return Whose(organisation_id, None, identity_of(request).person.id)
    return Whose(organisation_id, int(numbers[1]) if kind == "group" else None, None)


async def _rules(request: web.Request) -> tuple[str, ...]:
    """The ticked rules; none where all are."""
    ticked = {name.removeprefix("rule-") for name in await posted(request) if name.startswith("rule-")}
    chosen = tuple(name for name, _ in ALL_RULES if name in ticked)
    if not chosen:
        raise Problem(ProblemCode.INVALID_REQUEST, "Choose at least one thing to be told of.", {"field": "rules"})
    return () if len(chosen) == len(ALL_RULES) else chosen


async def _wishes(form: TargetForm, rules: tuple[str, ...]) -> Wishes:
    if (form.quiet_from is None) != (form.quiet_to is None):
        field = "quiet_to" if form.quiet_to is None else "quiet_from"
        raise Problem(ProblemCode.INVALID_REQUEST, "Give both ends of the quiet hours, or neither.", {"field": field})
    try:
        timezone = (await find_zone(form.timezone or "UTC")).key
    except Problem as problem:
        raise Problem(problem.code, problem.message, {"field": "timezone"}) from None
    return Wishes(
        name=form.name,
        rules=rules,
        critical_only=form.critical_only,
        tells_cleared=form.tells_cleared,
        quiet_from=_minute(form.quiet_from),
        quiet_to=_minute(form.quiet_to),
        timezone=timezone,
        quiet_for_critical=False,
    )


def _minute(time: str | None) -> int | None:
    if time is None:
        return None
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    identity, people = identity_of(request), hub_of(request).people
    organisations = {one.id: one.name for one in await people.organisations.seen(identity.grants)}
    groups = await my_groups(request)
    belongs = identity.grants.groups(Role.OWNER).clause(targets.c.organisation_id, targets.c.group_id)
    mine = sa.or_(targets.c.person_id == identity.person.id, sa.and_(targets.c.person_id.is_(None), belongs))
    found = await hub_of(request).fleet.targets.list(mine)
    several = len(organisations) > 1
    whose = [(f"me:{number}", f"Me, of {name}" if several else "Me") for number, name in organisations.items()]
    whose += [
        (f"organisation:{number}", f"Everybody: all of {name}")
        for number, name in organisations.items()
        if identity.grants.role_for(None, number) is Role.OWNER
    ]
    whose += [
        (f"group:{one.organisation_id}:{one.id}", f"Everybody: the group {one.name}")
        for one in groups.may(request, Role.OWNER).choices
    ]
    ticked = frozenset(name.removeprefix("rule-") for name in state.values if name.startswith("rule-"))
    view = NotificationsView(
        title="Where alerts are told",
        nav="alerts",
        rows=[_row(one, organisations, groups.names) for one in found],
        whose=whose,
        rules=ALL_RULES,
        chosen=ticked if state.values else frozenset(name for name, _ in ALL_RULES),
        kinds=", ".join(sorted({kind.name for kind in KINDS.values()})),
        form=state,
    )
    return render(request, "notifications.html", view, status)


def _row(target: Target, organisations: Mapping[int, str], groups: Mapping[int, str]) -> TargetRow:
    whose, wishes = target.whose, target.wishes
    if whose.person_id is not None:
        place = "you"
    elif whose.group_id is not None:
        place = f"the group {groups.get(whose.group_id, '')}"
    else:
        place = f"all of {organisations.get(whose.organisation_id, '')}"
    wants = "everything" if not wishes.rules else f"{len(wishes.rules)} of {len(ALL_RULES)} kinds"
    if wishes.critical_only:
        wants += ", critical only"
    if wishes.quiet_from is not None and wishes.quiet_to is not None:
        wants += f", quiet {_clock(wishes.quiet_from)} to {_clock(wishes.quiet_to)} {wishes.timezone}"
    return TargetRow(target, KINDS[target.kind].name, place, wants)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"

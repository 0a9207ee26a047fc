"""Proposing a rollout: a release, a group, the stages, and when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foundation.web.context import note
from foundation.web.models import MAX_NUMBER
from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from hub.people.roles import Role
from hub.rollouts.types import MAX_STAGES, Proposal, Release, Stage, Threshold
from hub.web.context import hub_of, identity_of
from hub.web.pages.mine import my_groups
from hub.web.security.devices import group_of_body
from protocol.problems import Problem, ProblemCode

UNITS: Final = (("percent", "% of the group"), ("count", "devices"))
SOAKS: Final = (
    ("0", "go on at once"),
    ("15", "watch for 15 minutes"),
    ("60", "watch for an hour"),
    ("360", "watch for 6 hours"),
    ("1440", "watch for a day"),
    ("10080", "watch for a week"),
)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A row of the stages builder, as it was typed."""

    number: str
    unit: str
    soak: str


USUAL: Final = (StageRow("1", "count", "60"), StageRow("25", "percent", "60"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRolloutView(PageView):
    """The form. After the rows that are shown comes everybody else, which needs no row."""

    groups: Sequence[tuple[str, str]]
    stages: Sequence[StageRow]
    units: Sequence[tuple[str, str]]
    soaks: Sequence[tuple[str, str]]
    most: int
    form: FormState


class RolloutForm(BaseModel):
    """A release for a group; the stages come in fields of their own (``stage-1-number`` and so on)."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    url: str = Field(min_length=1, max_length=2048)
    sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$")
    version: str = Field(min_length=1, max_length=64)
    group_id: int = Field(ge=1, le=MAX_NUMBER)
    failures: int = Field(1, ge=1, le=1_000_000)
    percent: int = Field(0, ge=0, le=100)


async def new_rollout_page(request: web.Request) -> web.StreamResponse:
    """GET /rollouts/new."""
    return await _page(request, FormState(), 200)


async def propose(request: web.Request) -> web.StreamResponse:
    """POST /rollouts: writes it down; no device hears of it before an owner approves."""
    show_refusals(request, _page)
    form = await read_form(request, RolloutForm)
    note(request).target = form.version
    group = await group_of_body(request, form.group_id, Role.OPERATOR)
    proposal = _proposal(form, stages_of(rows_of(await posted(request))), group.id)
    step = await hub_of(request).rollouts.propose(proposal, identity_of(request).name)
    return back_to(request, f"/rollouts/{step.rollout.id}", "rollout-proposed")


def rows_of(fields: dict[str, str]) -> list[StageRow]:
    """The rows as they were typed; one without a number is left out."""
    rows = [
        StageRow(
            fields.get(f"stage-{index}-number", "").strip()[:7],
            fields.get(f"stage-{index}-unit", "percent"),
            fields.get(f"stage-{index}-soak", "0"),
        )
        for index in range(1, MAX_STAGES)
    ]
    return [row for row in rows if row.number]


def stages_of(rows: Sequence[StageRow]) -> tuple[Stage, ...]:
    """The stages, everybody last. Raises INVALID_REQUEST for what is none."""
    stages: list[Stage] = []
    for row in rows:
        if not row.number.isascii() or not row.number.isdigit() or row.soak not in dict(SOAKS):
            raise _bad_stages("Write each stage as a number of devices, or a share from 1 to 100 %.")
        number, soak = int(row.number), 60 * int(row.soak)
        try:
            as_count = row.unit == "count"
            stages.append(
                Stage(count=number, soak_seconds=soak) if as_count else Stage(percent=number, soak_seconds=soak)
            )
        except ValidationError:
            raise _bad_stages("Write each stage as a number of devices, or a share from 1 to 100 %.") from None
    everybody = Stage(percent=100)
    return (*stages, everybody) if not stages or stages[-1].percent != 100 else tuple(stages)


def _proposal(form: RolloutForm, stages: tuple[Stage, ...], group_id: int) -> Proposal:
    try:
        release = Release(url=form.url, sha256=form.sha256.lower(), version=form.version)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        sentences = {"url": "Give an address that devices can reach, as https://example.org/hutch.raucb."}
        sentence = sentences.get(field, "This does not fit. Look at an example in the help below.")
        raise Problem(ProblemCode.INVALID_REQUEST, sentence, {"field": field}) from None
    threshold = Threshold(failures=form.failures, percent=form.percent)
    return Proposal(release=release, group_id=group_id, stages=stages, threshold=threshold)


def _bad_stages(sentence: str) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, sentence, {"field": "stages"})


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    groups = (await my_groups(request)).may(request, Role.OPERATOR).options()
    rows = rows_of(dict(state.values)) if state.values else list(USUAL)
    view = NewRolloutView(
        title="New rollout",
        nav="rollouts",
        groups=groups,
        stages=rows,
        units=UNITS,
        soaks=SOAKS,
        most=MAX_STAGES - 1,
        form=state,
    )
    return render(request, "new_rollout.html", view, status)

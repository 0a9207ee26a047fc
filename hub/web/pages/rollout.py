"""One rollout: how far it is, device by device, and what can be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import parse_query, path_number
from hub.people.roles import Role
from hub.rollouts.book import Step
from hub.rollouts.types import Rollout, Target, TargetState
from hub.web.context import hub_of, identity_of
from hub.web.pages.fleet import none_when_empty
from hub.web.pages.mine import my_groups
from hub.web.pages.rollout_progress import ProgressView, progress_of

PAGE_OF: Final = 100
STATES: Final = (
    ("", "All"),
    ("waiting", "Waiting"),
    ("offered", "Under way"),
    ("installed", "Not back yet"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("gone", "Left the group"),
)


@dataclass(frozen=True, slots=True)
class StatePill:
    """A state of devices, and how many there are."""

    state: str
    name: str
    count: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsView(PageView):
    """The devices, alone."""

    rollout: Rollout
    targets: Sequence[Target]
    pills: Sequence[StatePill]
    state: str
    next: str | None
    newest: str | None
    may_retry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView(PageView):
    """The page."""

    rollout: Rollout
    group: str
    progress: ProgressView
    targets: TargetsView
    query: str
    form: FormState


class TargetsPageQuery(BaseModel):
    """Which devices."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[TargetState | None, BeforeValidator(none_when_empty)] = None
    after: str = Field("", max_length=128)


class RetryForm(BaseModel):
    """One device; all that failed where it is left out."""

    model_config = ConfigDict(extra="ignore")

    device_id: Annotated[str | None, BeforeValidator(none_when_empty)] = Field(None, max_length=128)


async def rollout_page(request: web.Request) -> web.StreamResponse:
    """GET /rollouts/{rollout_id}."""
    return await _page(request, FormState(), 200)


async def progress_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/rollouts/{rollout_id}/progress."""
    return render(request, "parts/rollout_progress.html", await _progress(request, await _step(request)))


async def targets_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/rollouts/{rollout_id}/targets."""
    view = await _targets(request, await _step(request), parse_query(request, TargetsPageQuery))
    return render(request, "parts/rollout_targets.html", view)


async def approve(request: web.Request) -> web.StreamResponse:
    """POST …/approve."""
    return await _move(request, "rollout-approved", hub_of(request).rollouts.approve)


async def pause(request: web.Request) -> web.StreamResponse:
    """POST …/pause."""
    return await _move(request, "rollout-paused", hub_of(request).rollouts.pause)


async def halt(request: web.Request) -> web.StreamResponse:
    """POST …/halt."""
    return await _move(request, "rollout-halted", hub_of(request).rollouts.halt)


async def cancel(request: web.Request) -> web.StreamResponse:
    """POST …/cancel."""
    return await _move(request, "rollout-cancelled", hub_of(request).rollouts.cancel)


async def resume(request: web.Request) -> web.StreamResponse:
    """POST …/resume."""

    async def resumed(rollout_id: int, _by: str) -> Step:
        return await hub_of(request).rollouts.resume(rollout_id)

    return await _move(request, "rollout-resumed", resumed)


async def retry(request: web.Request) -> web.StreamResponse:
    """POST …/retry: one failed device, or all."""
    show_refusals(request, _page)
    form = await read_form(request, RetryForm)
    if form.device_id is not None:
        note(request).details["device_id"] = form.device_id
    rollout_id = path_number(request, "rollout_id")
    await hub_of(request).rollouts.retry(rollout_id, form.device_id)
    return back_to(request, f"/rollouts/{rollout_id}", "rollout-retried")


async def _move(request: web.Request, done: str, move: Callable[[int, str], Awaitable[Step]]) -> web.StreamResponse:
    show_refusals(request, _page)
    rollout_id = path_number(request, "rollout_id")
    step = await move(rollout_id, identity_of(request).name)
    note(request).target = step.rollout.release.version
    return back_to(request, f"/rollouts/{rollout_id}", done)


async def _step(request: web.Request) -> Step:
    return await hub_of(request).rollouts.get(path_number(request, "rollout_id"))


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    query, step = parse_query(request, TargetsPageQuery), await _step(request)
    progress = await _progress(request, step)
    view = RolloutView(
        title=step.rollout.release.version,
        nav="rollouts",
        rollout=step.rollout,
        group=progress.row.group,
        progress=progress,
        targets=await _targets(request, step, query),
        query=_query(query.state, query.after),
        form=state,
    )
    return render(request, "rollout.html", view, status)


async def _progress(request: web.Request, step: Step) -> ProgressView:
    groups = await my_groups(request)
    return progress_of(step, groups.names.get(step.rollout.group_id, ""), _held(request, step))


async def _targets(request: web.Request, step: Step, query: TargetsPageQuery) -> TargetsView:
    rollout = step.rollout
    found = await hub_of(request).rollouts.targets(
        rollout.id, state=query.state, after_id=query.after, limit=PAGE_OF + 1
    )
    shown, here, held = found[:PAGE_OF], f"/rollouts/{rollout.id}", _held(request, step)
    counts = {"": sum(step.tally.counts.values()), **{one.value: step.tally.of(one) for one in TargetState}}
    return TargetsView(
        title=rollout.release.version,
        rollout=rollout,
        targets=shown,
        pills=[
            StatePill(state, name, counts[state], f"{here}?{_query(state, '')}")
            for state, name in STATES
            if counts[state] or state in ("", query.state)
        ],
        state=query.state.value if query.state else "",
        next=f"{here}?{_query(query.state, shown[-1].device_id)}" if len(found) > PAGE_OF else None,
        newest=f"{here}?{_query(query.state, '')}" if query.after else None,
        may_retry=held is not None and held.may(Role.OPERATOR),
    )


def _held(request: web.Request, step: Step) -> Role | None:
    return identity_of(request).grants.role_for(step.rollout.group_id, step.rollout.organisation_id)


def _query(state: str | None, after: str) -> str:
    return urlencode({name: value for name, value in (("state", state), ("after", after)) if value})

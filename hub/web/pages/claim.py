"""Claiming a device: the code it shows, then the fingerprint to compare, a name and a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.models import MAX_NUMBER
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to, see
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import path_number
from hub.enrolment.types import Claim
from hub.people.roles import Role
from hub.store.tables.devices import MAX_NAME
from hub.web.api.claims import claimant_of
from hub.web.api.organisations import public_origin
from hub.web.context import audit_place, hub_of
from hub.web.pages.mine import my_groups
from hub.web.security.devices import group_of_body
from protocol.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView(PageView):
    """The form for the code."""

    form: FormState
    code: str
    """From the link that the device shows as a QR code."""
    origin: str
    may: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmView(PageView):
    """What is known of the device, to be compared, and the form that makes it somebody's."""

    claim: Claim
    groups: Sequence[tuple[str, str]]
    form: FormState


class CodeForm(BaseModel):
    """What somebody read on the device."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(min_length=1, max_length=64, repr=False)


class ConfirmForm(BaseModel):
    """That somebody compared, and where the device goes."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    fingerprint: str = Field(min_length=1, max_length=128)
    compared: bool = False
    name: str = Field(min_length=1, max_length=MAX_NAME)
    group_id: int = Field(ge=1, le=MAX_NUMBER)


async def claim_page(request: web.Request) -> web.StreamResponse:
    """GET /claim; ``?code=`` fills it in."""
    return await _code_page(request, FormState(), 200)


async def enter_code(request: web.Request) -> web.StreamResponse:
    """POST /claim: leads to the device behind the code."""
    show_refusals(request, _code_page)
    claimant = claimant_of(request)
    form = await read_form(request, CodeForm)
    claim = await hub_of(request).enrolment.claims.enter(claimant, form.code)
    note(request).target = claim.gateway_id
    return see(request, f"/claim/{claim.id}")


async def confirm_page(request: web.Request) -> web.StreamResponse:
    """GET /claim/{claim_id}."""
    return await _confirm_page(request, FormState(), 200)


async def confirm(request: web.Request) -> web.StreamResponse:
    """POST /claim/{claim_id}: the device is somebody's, and is told at once."""
    show_refusals(request, _confirm_page)
    claimant = claimant_of(request)
    form = await read_form(request, ConfirmForm)
    if not form.compared:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            "Compare the fingerprint with the device first: who else could have sent you this code?",
            {"field": "compared"},
        )
    await group_of_body(request, form.group_id, Role.OPERATOR)
    note(request).target = form.name
    enrolment = hub_of(request).enrolment
    device = await enrolment.claims.confirm(
        claimant, path_number(request, "claim_id"), form.fingerprint, form.group_id, form.name
    )
    audit_place(request).device_id = device.id
    note(request).details.update({"gateway_id": device.id, "fingerprint": device.fingerprint})
    enrolment.trail.claimed(device)
    return back_to(request, f"/fleet/{device.id}", "device-claimed")


async def cancel(request: web.Request) -> web.StreamResponse:
    """POST /claim/{claim_id}/cancel: the device shows another code."""
    await hub_of(request).enrolment.claims.cancel(claimant_of(request), path_number(request, "claim_id"))
    return back_to(request, "/claim", "claim-cancelled")


async def _code_page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    groups = await my_groups(request)
    view = ClaimView(
        title="Add a device",
        nav="fleet",
        form=_beside_code(state),
        code=request.query.get("code", "")[:64],
        origin=public_origin(request),
        may=bool(groups.may(request, Role.OPERATOR).choices),
    )
    return render(request, "claim.html", view, status)


def _beside_code(state: FormState) -> FormState:
    """What is wrong with a code stands beside it, whatever it is."""
    if state.problem is None:
        return state
    return FormState(values=state.values, errors={"code": state.problem})


async def _confirm_page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    groups = await my_groups(request)
    claim = await hub_of(request).enrolment.claims.get(claimant_of(request), path_number(request, "claim_id"))
    view = ConfirmView(
        title="Is it this one?",
        nav="fleet",
        claim=claim,
        groups=groups.may(request, Role.OPERATOR).options(),
        form=state,
    )
    return render(request, "claim_confirm.html", view, status)

"""Claims: from the code that a device shows to the device in a group."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note, source_of
from foundation.web.parsing import parse_body, path_number
from hub.enrolment.claims import Claimant
from hub.people.roles import Role
from hub.web.api.models.enrolment import ClaimAnswer, ClaimCodeBody, Confirmation, DeviceAnswer
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.security.devices import group_of_body
from protocol.problems import Problem, ProblemCode


async def enter_code(request: web.Request) -> web.Response:
    """Enter the code that a device shows, and see which device it is."""
    claimant = claimant_of(request)
    body = await parse_body(request, ClaimCodeBody)
    claim = await hub_of(request).enrolment.claims.enter(claimant, body.code)
    note(request).target = claim.gateway_id
    return answer(ClaimAnswer.of(claim), 201)


async def show_claim(request: web.Request) -> web.Response:
    """A claim that one opened."""
    claim = await hub_of(request).enrolment.claims.get(claimant_of(request), path_number(request, "claim_id"))
    return answer(ClaimAnswer.of(claim))


async def confirm_claim(request: web.Request) -> web.Response:
    """Make the device a group's; it is told at once."""
    claimant = claimant_of(request)
    body = await parse_body(request, Confirmation)
    await group_of_body(request, body.group_id, Role.OPERATOR)
    said = note(request)
    said.target = body.name
    enrolment = hub_of(request).enrolment
    device = await enrolment.claims.confirm(
        claimant, path_number(request, "claim_id"), body.fingerprint, body.group_id, body.name
    )
    audit_place(request).device_id = device.id
    said.details.update({"gateway_id": device.id, "fingerprint": device.fingerprint})
    enrolment.trail.claimed(device)
    return answer(DeviceAnswer.of(device), 201)


async def cancel_claim(request: web.Request) -> web.Response:
    """Let a claim go; the device shows another code."""
    await hub_of(request).enrolment.claims.cancel(claimant_of(request), path_number(request, "claim_id"))
    return nothing()


def claimant_of(request: web.Request) -> Claimant:
    """Who claims. Raises :class:`Problem` FORBIDDEN for somebody who could put a device nowhere."""
    identity = identity_of(request)
    reach = identity.grants.groups(Role.OPERATOR)
    if not reach.organisations and not reach.groups:
        raise Problem(ProblemCode.FORBIDDEN, "To claim a device you need the role operator in a group. Ask an owner.")
    return Claimant(identity.person.id, identity.name, source_of(request))

"""One device: whose it is, and how it leaves."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body
from hub.people.roles import Role
from hub.web.api.models.enrolment import DeviceAnswer, DeviceChange
from hub.web.context import hub_of, identity_of
from hub.web.security.devices import DEVICE, group_of_body
from hub.web.security.scopes import Found, role_at
from protocol.problems import Problem, ProblemCode


async def show_device(request: web.Request) -> web.Response:
    """Whose the device is, and by what it proves that it is it."""
    return answer(DeviceAnswer.of(request[DEVICE]))


async def change_device(request: web.Request) -> web.Response:
    """Rename a device; its owner may also move it into another group that they own."""
    body = await parse_body(request, DeviceChange)
    device = request[DEVICE]
    said = note(request)
    said.target = device.name
    said.details.update(body.model_dump(exclude_none=True))
    if body.group_id is not None and body.group_id != device.group_id:
        grants = identity_of(request).grants
        if role_at(grants, Found(device.organisation_id, device.group_id)) is not Role.OWNER:
            raise Problem(ProblemCode.FORBIDDEN, "To move a device you need the role owner in its group. Ask an owner.")
        await group_of_body(request, body.group_id, Role.OWNER)
    enrolment = hub_of(request).enrolment
    changed = await enrolment.devices.change(device.id, name=body.name, group_id=body.group_id)
    what = [name for name in ("name", "group_id") if getattr(changed, name) != getattr(device, name)]
    if what:
        enrolment.trail.changed(changed, *what)
    return answer(DeviceAnswer.of(changed))


async def remove_device(request: web.Request) -> web.Response:
    """Forget a device; when it comes again it shows a claim code."""
    device = request[DEVICE]
    note(request).target = device.name
    await hub_of(request).enrolment.leaving.remove(device.id, identity_of(request).name)
    return nothing()


async def revoke_device(request: web.Request) -> web.Response:
    """Cut a device off and let it in no more."""
    device = request[DEVICE]
    note(request).target = device.name
    revoked = await hub_of(request).enrolment.leaving.revoke(device.id, identity_of(request).name)
    return answer(DeviceAnswer.of(revoked))


async def rotate_key(request: web.Request) -> web.Response:
    """Have a device make itself a new key."""
    device = request[DEVICE]
    note(request).target = device.name
    rotated = await hub_of(request).enrolment.rotation.ask(device.id)
    note(request).details["fingerprint"] = rotated.fingerprint
    return answer(DeviceAnswer.of(rotated))

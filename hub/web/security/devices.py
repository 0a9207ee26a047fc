"""What the paths of enrolment's routes name: a device, a batch."""

from __future__ import annotations

from aiohttp import web

from foundation.web.parsing import path_number
from hub.enrolment.batches import Batches
from hub.enrolment.devices import DeviceRows
from hub.enrolment.types import Batch, Device
from hub.people.organisations import Organisations
from hub.people.roles import Role
from hub.people.types import Group
from hub.ports import DeviceRow
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.security.scopes import Found, may_know, role_at
from protocol.problems import Problem, ProblemCode

DEVICE: web.RequestKey[Device] = web.RequestKey("device", Device)
"""The device that ``{device_id}`` names, on routes of that scope."""
DEVICE_ROW: web.RequestKey[DeviceRow] = web.RequestKey("device_row", DeviceRow)
"""The same, as the other parts of the hub know it."""
BATCH: web.RequestKey[Batch] = web.RequestKey("batch", Batch)
"""The batch that ``{batch_id}`` names, on routes of that scope."""


class DeviceScope:
    """``{device_id}`` in a path."""

    scope = "device"

    def __init__(self, devices: DeviceRows) -> None:
        self._devices = devices

    async def resolve(self, request: web.Request) -> Found | None:
        """The device, put on the request."""
        found = await self._devices.get(request.match_info["device_id"])
        if found is None:
            return None
        request[DEVICE] = found
        request[DEVICE_ROW] = found.row()
        return Found(found.organisation_id, found.group_id, found.id)


class BatchScope:
    """``{batch_id}`` in a path."""

    scope = "batch"

    def __init__(self, batches: Batches, organisations: Organisations) -> None:
        self._batches = batches
        self._organisations = organisations

    async def resolve(self, request: web.Request) -> Found | None:
        """The batch, put on the request."""
        batch = await self._batches.find(path_number(request, "batch_id"))
        group = None if batch is None else await self._organisations.find_group(batch.group_id)
        if batch is None or group is None:
            return None
        request[BATCH] = batch
        return Found(group.organisation_id, group.id)


async def group_of_body(request: web.Request, group_id: int, needed: Role) -> Group:
    """A group that the body of a request names, in which one has at least this role.

    Raises :class:`Problem` NOT_FOUND for a group that is none or that one must not know of, FORBIDDEN.
    """
    grants = identity_of(request).grants
    group = await hub_of(request).people.organisations.find_group(group_id)
    if group is None or not may_know(grants, Found(group.organisation_id, group.id)):
        raise Problem(ProblemCode.NOT_FOUND, "There is no such group, or it is not yours. Choose another.")
    place = audit_place(request)
    place.organisation_id = group.organisation_id
    held = role_at(grants, Found(group.organisation_id, group.id))
    if held is None or not held.may(needed):
        raise Problem(
            ProblemCode.FORBIDDEN,
            f"This needs the role {needed.value} in the group {group.name}. Ask an owner.",
            {"needed": needed.value},
        )
    return group

"""Gateways of another make."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer
from foundation.web.context import note
from foundation.web.parsing import parse_body
from hub.people.roles import Role
from hub.web.api.models.enrolment import DeviceAnswer, NewGateway, NewGatewayAnswer
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.security.devices import group_of_body


async def add_gateway(request: web.Request) -> web.Response:
    """Register a gateway; its token is answered this once."""
    body = await parse_body(request, NewGateway)
    group = await group_of_body(request, body.group_id, Role.OPERATOR)
    said = note(request)
    said.target = body.name
    said.details["gateway_id"] = body.gateway_id
    enrolment = hub_of(request).enrolment
    device, token = await enrolment.gateways.add(body.gateway_id, group.id, body.name, identity_of(request).name)
    audit_place(request).device_id = device.id
    enrolment.trail.claimed(device)
    return answer(NewGatewayAnswer(device=DeviceAnswer.of(device), token=token), 201)

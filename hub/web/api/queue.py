"""Any command of the wire: carried out now, or kept for a device that is offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from foundation.web.answers import answer
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, path_number
from hub.fleet.commands import ask
from hub.nodes.commands.types import CommandQueue, QueuedCommand, Submission
from hub.people.roles import Role
from hub.ports import new_request_id
from hub.web.api.commands import INSTALL_SECONDS, START_SECONDS, UPDATE_SECONDS, port_of
from hub.web.api.models import commands as models
from hub.web.context import hub_of, identity_of
from hub.web.security.devices import DEVICE_ROW
from hub.web.security.scopes import Found, role_at
from protocol.codec import parse_command
from protocol.commands import AnyCommand
from protocol.limits import ANSWER_WITHIN
from protocol.problems import Problem, ProblemCode

ROLES: Final[Mapping[str, Role]] = {
    "session.create": Role.OPERATOR,
    "session.input": Role.OPERATOR,
    "session.resize": Role.OPERATOR,
    "session.end": Role.OPERATOR,
    "session.snapshot": Role.OPERATOR,
    "ssh.authorize": Role.OWNER,
    "ssh.revoke": Role.OWNER,
    "ssh.list": Role.OPERATOR,
    "agents.install": Role.OPERATOR,
    "agents.list": Role.OPERATOR,
    "workspace.list": Role.OPERATOR,
    "gateway.update": Role.OWNER,
}
"""Which role each command needs here; files, acks and keys have addresses of their own and are not in the table."""
_WITHIN: Final[Mapping[str, float]] = {
    "session.create": START_SECONDS,
    "agents.install": INSTALL_SECONDS,
    "gateway.update": UPDATE_SECONDS,
}


async def send(request: web.Request) -> web.Response:
    """Carry a command out, or with ``queue`` keep it: 202, and a GET tells what became of it."""
    query = parse_query(request, models.CommandQuery)
    body = await parse_body(request, models.AnyCommandBody)
    command = _command(request, body)
    note(request).details["type"] = command.type
    if query.queue:
        return await _keep(request, command, query)
    answered = await ask(port_of(request), command, _WITHIN.get(command.type, ANSWER_WITHIN))
    return answer(models.CommandAnswer(events=[event.model_dump(mode="json") for event in answered.events]))


async def list_commands(request: web.Request) -> web.Response:
    """Commands that were accepted for this device, newest first; ``before`` turns the page."""
    query = parse_query(request, models.QueueQuery)
    found = await _queue(request).listed(request[DEVICE_ROW].id, before=query.before, limit=query.limit)
    return answer(models.QueueAnswer(commands=[models.QueuedAnswer.of(one) for one in found]))


async def show_command(request: web.Request) -> web.Response:
    """What became of a command."""
    found = await _queue(request).get(request[DEVICE_ROW].id, path_number(request, "command_id"))
    return answer(models.QueuedAnswer.of(found))


async def cancel_command(request: web.Request) -> web.Response:
    """Take back a command that waits."""
    return answer(models.QueuedAnswer.of(await take_back(request)))


async def take_back(request: web.Request) -> QueuedCommand:
    """Cancel the command that the path names. Raises NOT_FOUND, or CONFLICT for one that was sent or is over."""
    row, command_id = request[DEVICE_ROW], path_number(request, "command_id")
    note(request).target = row.name
    note(request).details["command_id"] = command_id
    return await _queue(request).cancel(row.id, command_id)


async def _keep(request: web.Request, command: AnyCommand, query: models.CommandQuery) -> web.Response:
    row, identity = request[DEVICE_ROW], identity_of(request)
    note(request).target = row.name
    wish = Submission(
        device_id=row.id,
        command=command,
        person=identity.name,
        token_id=identity.token.id,
        key=request.headers.get("Idempotency-Key"),
        expires_in=float(query.expires_in),
    )
    kept = await _queue(request).submit(wish)
    note(request).details["command_id"] = kept.id
    return answer(models.QueuedAnswer.of(kept), 202)


def _command(request: web.Request, body: models.AnyCommandBody) -> AnyCommand:
    """The command of a body. Raises UNKNOWN_COMMAND, MALFORMED_MESSAGE, FORBIDDEN."""
    needed = ROLES.get(body.type)
    if needed is None:
        raise Problem(ProblemCode.UNKNOWN_COMMAND, f"Send one of these types: {', '.join(sorted(ROLES))}.")
    row = request[DEVICE_ROW]
    held = role_at(identity_of(request).grants, Found(row.organisation_id, row.group_id))
    if held is None or not held.may(needed):
        raise Problem(ProblemCode.FORBIDDEN, f"{body.type} needs the role {needed.value}. Ask an owner.")
    return parse_command(json.dumps({**body.model_dump(), "request_id": new_request_id()}))


def _queue(request: web.Request) -> CommandQueue:
    queue = hub_of(request).queue
    if queue is None:
        raise Problem(ProblemCode.UNAVAILABLE, "This hub keeps no commands. Send them while the device is online.")
    return queue

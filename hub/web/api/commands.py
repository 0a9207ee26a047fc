"""Commands to one device, each answered when the device has answered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final, get_args

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from hub.events import UpdateFinished
from hub.fleet.commands import ask, fetch
from hub.fleet.sessions import SessionQuery
from hub.ports import DevicePort, new_request_id
from hub.store.tables.devices import devices
from hub.web.api.models import commands as models
from hub.web.api.models.fleet import FleetSession
from hub.web.context import hub_of
from hub.web.security.devices import DEVICE_ROW
from protocol import commands as wire
from protocol import events as told
from protocol.problems import Problem, ProblemCode

START_SECONDS: Final = 30.0
INSTALL_SECONDS: Final = 600.0
UPDATE_SECONDS: Final = 600.0
AGENTS: Final[Mapping[str, wire.AgentName]] = {name: name for name in get_args(wire.AgentName)}
_PIECE: Final = 32 * 1024


def port_of(request: web.Request) -> DevicePort:
    """The device that the path names; the audit record says its name."""
    row = request[DEVICE_ROW]
    note(request).target = row.name
    return hub_of(request).ports.of(row.id)


async def list_sessions(request: web.Request) -> web.Response:
    """The sessions of the device, as it last told of them."""
    fleet = hub_of(request).fleet
    await fleet.writer.freshen()
    page = await fleet.sessions.page(_of_device(request))
    return answer(models.DeviceSessionsAnswer(sessions=[FleetSession.of(one) for one in page.sessions]))


async def show_session(request: web.Request) -> web.Response:
    """One session."""
    fleet, session_id = hub_of(request).fleet, _session(request)
    await fleet.writer.freshen()
    page = await fleet.sessions.page(_of_device(request))
    for one in page.sessions:
        if one.session_id == session_id:
            return answer(FleetSession.of(one))
    raise Problem(ProblemCode.NOT_FOUND, "There is no such session on this device, or it is over. Look at the list.")


async def create_session(request: web.Request) -> web.Response:
    """Begin a session."""
    body = await parse_body(request, models.NewSession)
    port = port_of(request)
    session_id = secrets.token_hex(8)
    note(request).details.update({"session_id": session_id, "name": body.name, "agent": body.agent})
    command = wire.SessionCreate(
        request_id=new_request_id(),
        session_id=session_id,
        name=body.name,
        workdir=body.workdir,
        agent=body.agent,
        agent_config=body.agent_config,
        env=body.env,
    )
    started = await fetch(port, command, told.SessionStarted, START_SECONDS)
    return answer(models.NewSessionAnswer(session_id=started.session_id, pid=started.pid), 201)


async def end_session(request: web.Request) -> web.Response:
    """End a session and what runs in it."""
    session_id = _session(request)
    note(request).details["session_id"] = session_id
    answered = await ask(port_of(request), wire.SessionEnd(request_id=new_request_id(), session_id=session_id))
    codes = [event.exit_code for event in answered.events if isinstance(event, told.SessionEnded)]
    return answer(models.SessionEndAnswer(exit_code=codes[0] if codes else None))


async def type_into(request: web.Request) -> web.Response:
    """Type bytes into a session, whoever holds its keyboard: for scripts, and recorded in the audit log."""
    body = await parse_body(request, models.Input)
    port, session_id = port_of(request), _session(request)
    note(request).details.update({"session_id": session_id, "bytes": len(body.data)})
    for start in range(0, len(body.data), _PIECE):
        piece = body.data[start : start + _PIECE]
        await ask(port, wire.SessionInput(request_id=new_request_id(), session_id=session_id, data=piece))
    return nothing()


async def resize(request: web.Request) -> web.Response:
    """Give a session's terminal another size."""
    body = await parse_body(request, models.Size)
    command = wire.SessionResize(
        request_id=new_request_id(), session_id=_session(request), cols=body.cols, rows=body.rows
    )
    await ask(port_of(request), command)
    return nothing()


async def snapshot(request: web.Request) -> web.Response:
    """The screen of a session as it stands."""
    session_id = _session(request)
    note(request).details["session_id"] = session_id
    command = wire.SessionSnapshotRequest(request_id=new_request_id(), session_id=session_id)
    screen = await fetch(port_of(request), command, told.SessionSnapshot)
    return answer(models.ScreenAnswer.model_validate(screen, from_attributes=True))


async def list_ssh_keys(request: web.Request) -> web.Response:
    """The keys that may log in over ssh."""
    keys = await fetch(port_of(request), wire.SshList(request_id=new_request_id()), told.SshKeys)
    return answer(models.SshKeysAnswer.model_validate(keys, from_attributes=True))


async def authorize_ssh_key(request: web.Request) -> web.Response:
    """Let a key log in over ssh."""
    body = await parse_body(request, models.NewSshKey)
    note(request).details["label"] = body.label
    command = wire.SshAuthorize(
        request_id=new_request_id(), public_key=body.public_key, label=body.label, expires_at=body.expires_at
    )
    await ask(port_of(request), command)
    return nothing()


async def revoke_ssh_key(request: web.Request) -> web.Response:
    """Take a key's access away."""
    query = parse_query(request, models.FingerprintQuery)
    note(request).details["fingerprint"] = query.fingerprint
    await ask(port_of(request), wire.SshRevoke(request_id=new_request_id(), fingerprint=query.fingerprint))
    return nothing()


async def list_agents(request: web.Request) -> web.Response:
    """Which agent CLIs are there."""
    found = await fetch(port_of(request), wire.AgentsList(request_id=new_request_id()), told.AgentsStatus)
    return answer(models.AgentsAnswer.model_validate(found, from_attributes=True))


async def install_agent(request: web.Request) -> web.Response:
    """Install an agent CLI, or its newest version. May take minutes."""
    name = request.match_info["name"]
    if name not in AGENTS:
        raise Problem(ProblemCode.NOT_FOUND, f"There is no such agent. Choose one of: {', '.join(AGENTS)}.")
    note(request).details["agent"] = name
    command = wire.AgentsInstall(request_id=new_request_id(), agent=AGENTS[name])
    done = await fetch(port_of(request), command, told.AgentInstalled, INSTALL_SECONDS)
    return answer(models.InstalledAnswer(agent=done.agent, version=done.version))


async def list_workspaces(request: web.Request) -> web.Response:
    """The folders of the device's workspace."""
    found = await fetch(port_of(request), wire.WorkspaceList(request_id=new_request_id()), told.WorkspaceFolders)
    return answer(models.WorkspacesAnswer(folders=list(found.folders)))


async def update(request: web.Request) -> web.Response:
    """Update Hutch on the device from a signed file. May take minutes."""
    body = await parse_body(request, models.Update)
    note(request).details.update({"version": body.version, "sha256": body.sha256})
    command = wire.GatewayUpdate(request_id=new_request_id(), url=body.url, sha256=body.sha256, version=body.version)
    try:
        done = await fetch(port_of(request), command, told.GatewayUpdated, UPDATE_SECONDS)
    except Problem as problem:
        if problem.code is ProblemCode.CONFLICT:
            _tell_update(request, None, problem.message)
        raise
    _tell_update(request, done.version, None)
    return answer(models.UpdateAnswer(version=done.version))


def _tell_update(request: web.Request, version: str | None, error: str | None) -> None:
    row = request[DEVICE_ROW]
    hub_of(request).fleet.announcer.publish(
        UpdateFinished(
            organisation_id=row.organisation_id,
            group_id=row.group_id,
            device_id=row.id,
            name=row.name,
            version=version,
            error=error[:512] if error else None,
        )
    )


def _of_device(request: web.Request) -> SessionQuery:
    device_id = request[DEVICE_ROW].id
    return SessionQuery(devices.c.id == device_id, device_id=device_id, with_offline=True, limit=500)


def _session(request: web.Request) -> str:
    return session_id_of(request.match_info["session_id"])


def session_id_of(text: str) -> str:
    """A session's id out of a path. Raises NOT_FOUND for what cannot be one."""
    if not (0 < len(text) <= 64 and text.isascii() and all(char.isalnum() or char in "_-" for char in text)):
        raise Problem(ProblemCode.NOT_FOUND, "There is no such session. Look at the list.")
    return text

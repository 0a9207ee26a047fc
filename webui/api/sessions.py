"""Sessions: begin, list, look at, type into, change and end them."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionInfo, SessionSpec, SessionStatus
from protocol.problems import Problem, ProblemCode
from webui.api.models.sessions import (
    ControlAnswer,
    EndAnswer,
    EndQuery,
    Input,
    NewSession,
    SessionAnswer,
    SessionChange,
    SessionsAnswer,
    Size,
    SnapshotAnswer,
    SnapshotQuery,
)
from webui.context import Device, device_of, identity_of


async def list_sessions(request: web.Request) -> web.Response:
    """Every session, live and ended."""
    device = device_of(request)
    return answer(SessionsAnswer(sessions=[_shown(device, info) for info in device.sessions.list()]))


async def create_session(request: web.Request) -> web.Response:
    """Begin a session with an agent CLI or the login shell."""
    body = await parse_body(request, NewSession)
    device = device_of(request)
    note(request).target = body.name
    agent = None if body.agent == "none" else body.agent
    info = await device.sessions.create(
        SessionSpec(
            name=body.name,
            workdir=_workdir(device, body.workdir),
            agent=agent,
            env=body.env,
            claude_md=body.claude_md,
            agents_md=body.agents_md,
            cols=body.cols,
            rows=body.rows,
            returns=body.returns,
        )
    )
    note(request).details.update({"session_id": info.id, "agent": agent})
    return answer(_shown(device, info), 201)


async def show_session(request: web.Request) -> web.Response:
    """One session."""
    device = device_of(request)
    return answer(_shown(device, device.sessions.get(_id(request))))


async def change_session(request: web.Request) -> web.Response:
    """Give a session another name, or let it return after a reboot or not."""
    body = await parse_body(request, SessionChange)
    if body.name is None and body.returns is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "Say what to change: name, returns or both.")
    device = device_of(request)
    info = await device.sessions.update(_id(request), name=body.name, returns=body.returns)
    return answer(_shown(device, info))


async def end_session(request: web.Request) -> web.Response:
    """End a session and everything in it; with ``forget`` remove an ended one from the list."""
    query = parse_query(request, EndQuery)
    sessions = device_of(request).sessions
    session_id = _id(request)
    if not query.forget:
        return answer(EndAnswer(exit_code=await sessions.end(session_id)))
    exit_code = sessions.get(session_id).exit_code
    note(request).details["forget"] = True
    await sessions.remove(session_id)
    return answer(EndAnswer(exit_code=exit_code))


async def snapshot(request: web.Request) -> web.Response:
    """The screen as it stands, with history on request."""
    query = parse_query(request, SnapshotQuery)
    return answer(SnapshotAnswer.of(await device_of(request).sessions.snapshot(_id(request), query.scrollback)))


async def type_into(request: web.Request) -> web.Response:
    """Type bytes into a session, whoever holds its keyboard: for scripts, and recorded in the audit log."""
    body = await parse_body(request, Input)
    note(request).details["bytes"] = len(body.data)
    await device_of(request).sessions.input(_id(request), body.data)
    return nothing()


async def resize(request: web.Request) -> web.Response:
    """Give a session's terminal another size."""
    body = await parse_body(request, Size)
    await device_of(request).sessions.resize(_id(request), body.cols, body.rows)
    return nothing()


async def take_control(request: web.Request) -> web.Response:
    """Take the keyboard of a session away from whoever holds it."""
    identity = identity_of(request)
    control = device_of(request).sessions.control(_id(request))
    control.take(f"api-{identity.token.id}", identity.person.name)
    return answer(ControlAnswer(holder=control.holder))


def holder_of(sessions: Sessions, info: SessionInfo) -> str | None:
    """Who types into a session; nobody into one that is over."""
    if info.status in (SessionStatus.ENDED, SessionStatus.FAILED):
        return None
    return sessions.control(info.id).holder


def _id(request: web.Request) -> str:
    return request.match_info["session_id"]


def _shown(device: Device, info: SessionInfo) -> SessionAnswer:
    return SessionAnswer.of(info, holder_of(device.sessions, info))


def _workdir(device: Device, wanted: str | None) -> Path:
    if wanted is not None and wanted.startswith("/"):
        return Path(wanted)
    return device.workspace.resolve(wanted or "")

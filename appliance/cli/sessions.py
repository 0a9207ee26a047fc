"""``hutch session …``: sessions from the command line."""

from __future__ import annotations

import argparse
import os
import shutil

from pydantic import BaseModel

from appliance.cli.answers import Nothing
from appliance.cli.console import ask
from appliance.config import Settings
from appliance.layout import Layout
from appliance.separation import become
from gateway.sessions.types import SessionStatus
from protocol.problems import Problem, ProblemCode


class _Session(BaseModel):
    id: str
    name: str
    agent: str | None
    workdir: str
    status: SessionStatus
    title: str


class _Sessions(BaseModel):
    sessions: list[_Session]


def new(options: argparse.Namespace, settings: Settings) -> int:
    """Start a session and print its id."""
    body = {"name": options.name, "workdir": options.workdir, "agent": options.agent}
    given = {name: value for name, value in body.items() if value}
    print(ask(settings, "POST", "/api/sessions", _Session, given).id)
    return 0


def show(options: argparse.Namespace, settings: Settings) -> int:
    """Print every session, a line each."""
    answer = ask(settings, "GET", "/api/sessions", _Sessions)
    if options.json:
        print(answer.model_dump_json(indent=2))
        return 0
    if not answer.sessions:
        print("No sessions. Start one with: hutch session new NAME")
    for one in answer.sessions:
        print(f"{one.id}  {one.status:<8}  {one.name:<24}  {one.agent or 'shell':<12}  {one.workdir}")
    return 0


def end(options: argparse.Namespace, settings: Settings) -> int:
    """End a session."""
    found = _find(settings, options.session)
    ask(settings, "DELETE", f"/api/sessions/{found.id}", Nothing)
    print(f"Ended {found.name}.")
    return 0


def attach(options: argparse.Namespace, settings: Settings) -> int:
    """Become tmux, attached to the session."""
    found = _find(settings, options.session)
    tmux = shutil.which("tmux")
    if tmux is None:
        raise Problem(ProblemCode.TMUX_MISSING, "tmux is not installed here. Install it with: apt install tmux")
    layout = Layout.of(settings)
    socket = layout.sockets / f"{found.id}.sock"
    if layout.agent_user is not None:
        become(layout.agent_user)
    os.execv(tmux, [tmux, "-u", "-S", str(socket), "attach-session"])  # noqa: S606 - becoming tmux is the purpose


def _find(settings: Settings, wanted: str) -> _Session:
    sessions = ask(settings, "GET", "/api/sessions", _Sessions).sessions
    live = [one for one in sessions if one.status not in (SessionStatus.ENDED, SessionStatus.FAILED)]
    for one in live:
        if wanted in (one.id, one.name):
            return one
    raise Problem(ProblemCode.NOT_FOUND, f"There is no live session “{wanted}”. See them with: hutch session list", {})

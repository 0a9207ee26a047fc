"""Starting a session: the form, alone and as a dialog of the first page, and what it starts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import PageView, render
from gateway.sessions.types import SessionSpec, SessionStatus
from webui.context import Device, device_of

SHELL = "shell"


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """An agent CLI to choose, or to install first."""

    name: str
    title: str
    installed: bool
    version: str


@dataclass(frozen=True, slots=True)
class NewSessionForm:
    """What the form offers."""

    agents: Sequence[AgentChoice]
    folders: Sequence[str]
    suggested: str
    chosen: str
    """What is chosen before somebody chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSessionView(PageView):
    """The form on a page of its own."""

    new: NewSessionForm
    form: FormState


class StartForm(BaseModel):
    """What somebody wants to start. A folder that is not there yet is made."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=64)
    agent: str = Field(SHELL, max_length=40)
    workdir: str = Field("", max_length=1024)
    new_folder: str = Field("", max_length=255)
    returns: bool = False


async def new_session_form(device: Device, wanted: str = SHELL) -> NewSessionForm:
    """What can be started here now; ``wanted`` is chosen where it is installed, else the shell."""
    statuses = await device.agents.statuses()
    folders = await device.workspace.folders()
    agents = [
        AgentChoice(status.agent, status.title, status.installed, status.version or status.pinned)
        for status in statuses
    ]
    chosen = wanted if any(agent.installed and agent.name == wanted for agent in agents) else SHELL
    return NewSessionForm(agents=agents, folders=folders, suggested=_suggested(device), chosen=chosen)


async def new_session_page(request: web.Request) -> web.StreamResponse:
    """GET /sessions/new; ``?agent=`` names what is chosen."""
    return await _page(request, FormState(), 200)


async def start_session(request: web.Request) -> web.StreamResponse:
    """POST /sessions: starts it and opens it."""

    show_refusals(request, _page)
    device = device_of(request)
    form = await read_form(request, StartForm)
    note(request).target = form.name
    folder = form.new_folder.strip() or form.workdir
    if form.new_folder.strip() and form.new_folder.strip() not in await device.workspace.folders():
        await device.workspace.make_folder(form.new_folder.strip())
    spec = SessionSpec(
        name=form.name.strip(),
        workdir=device.workspace.resolve(folder),
        agent=None if form.agent == SHELL else form.agent,
        returns=form.returns,
    )
    info = await device.sessions.create(spec)
    return see(request, f"/sessions/{info.id}")


def _suggested(device: Device) -> str:
    """The first free name of the form ``session-N``."""
    over = (SessionStatus.ENDED, SessionStatus.FAILED)
    taken = {info.name for info in device.sessions.list() if info.status not in over}
    used = {int(match[1]) for name in taken if (match := re.fullmatch(r"session-(\d{1,6})", name))}
    return f"session-{next(number for number in range(1, len(used) + 2) if number not in used)}"


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    new = await new_session_form(device_of(request), request.query.get("agent", SHELL))
    view = NewSessionView(title="New session", nav="home", new=new, form=state)
    return render(request, "new_session.html", view, status)

"""One session: its terminal, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.pages.assets import Entry
from foundation.web.pages.forms import read_form
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, entry_of, render
from gateway.accounts.types import Role
from gateway.sessions.types import SessionInfo, SessionStatus
from webui.context import device_of, identity_of
from webui.pages.folders import folder_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView(PageView):
    """The terminal's page; the script takes the rest from the socket."""

    info: SessionInfo
    folder: str
    talks: str
    """Where the conversations of its folder are listed; empty outside of the workspace."""
    may_write: bool
    over: bool
    terminal: Entry
    """The script and styles of the terminal."""


class RenameForm(BaseModel):
    """Another name for a session."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=64)


class ReturnsForm(BaseModel):
    """Whether a session starts again after a reboot."""

    model_config = ConfigDict(extra="ignore")

    returns: bool


async def session_page(request: web.Request) -> web.StreamResponse:
    """GET /sessions/{session_id}. Raises NOT_FOUND."""
    device = device_of(request)
    info = device.sessions.get(request.match_info["session_id"])
    view = SessionView(
        title=info.name,
        nav="home",
        info=info,
        folder=folder_in_words(info.workdir, device.workspace.root),
        talks=_talks(info.workdir, device.workspace.root),
        may_write=identity_of(request).person.role.may(Role.OPERATOR),
        over=info.status in (SessionStatus.ENDED, SessionStatus.FAILED),
        terminal=entry_of(request, "src/terminal/main.ts"),
    )
    return render(request, "session.html", view)


def _talks(folder: Path, root: Path) -> str:
    if not folder.is_relative_to(root):
        return ""
    return f"/conversations?{urlencode({'folder': folder.relative_to(root).as_posix().removeprefix('.')})}"


async def end_session(request: web.Request) -> web.StreamResponse:
    """POST /sessions/{session_id}/end: ends the program, and what it started."""
    await device_of(request).sessions.end(request.match_info["session_id"])
    return back_to(request, "/", "session-ended")


async def forget_session(request: web.Request) -> web.StreamResponse:
    """POST /sessions/{session_id}/forget: takes an ended session off the list."""
    await device_of(request).sessions.remove(request.match_info["session_id"])
    return back_to(request, "/", "session-forgotten")


async def rename_session(request: web.Request) -> web.StreamResponse:
    """POST /sessions/{session_id}/rename."""
    form = await read_form(request, RenameForm)
    await device_of(request).sessions.update(request.match_info["session_id"], name=form.name.strip(), returns=None)
    return back_to(request, "/", "session-renamed")


async def set_returns(request: web.Request) -> web.StreamResponse:
    """POST /sessions/{session_id}/returns."""
    form = await read_form(request, ReturnsForm)
    await device_of(request).sessions.update(request.match_info["session_id"], name=None, returns=form.returns)
    return back_to(request, "/", "session-returns" if form.returns else "session-stays-away")

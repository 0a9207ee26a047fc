"""Beginning a conversation: with whom, where, and what may be done without asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import PageView, render
from gateway.conversations.types import NewConversation, NewMessage, Permission
from protocol.problems import Problem, ProblemCode
from webui.context import Device, device_of, identity_of
from webui.pages.folders import folder_in_words
from webui.pages.talks import cli_in_words

PERMISSIONS = (
    ("ask", "Ask before every change and command"),
    ("edits", "Edit files without asking, ask for commands"),
    ("all", "Do everything without asking"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody to talk to: a worker, or a CLI as it is."""

    value: str
    """``worker:ID`` or ``cli:NAME``."""
    name: str
    detail: str
    ready: bool
    """Whether its CLI is installed with what it takes to converse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversationView(PageView):
    """The form."""

    choices: Sequence[Choice]
    chosen: str
    folders: Sequence[str]
    permissions: tuple[tuple[str, str], ...]
    form: FormState


class StartForm(BaseModel):
    """What somebody wants to begin; an empty field takes the worker's value, or the usual one."""

    model_config = ConfigDict(extra="ignore")

    who: str = Field(min_length=1, max_length=100)
    workdir: str = Field("", max_length=1024)
    new_folder: str = Field("", max_length=255)
    model: str = Field("", max_length=200)
    permission: Permission | None = None
    worktree: bool = False
    text: str = Field("", max_length=60_000)

    @field_validator("permission", mode="before")
    @classmethod
    def _empty_is_unsaid(cls, value: object) -> object:
        return None if value == "" else value


async def new_conversation_page(request: web.Request) -> web.StreamResponse:
    """GET /conversations/new; ``?who=`` names who is chosen."""
    return await _page(request, FormState(), 200)


async def start_conversation(request: web.Request) -> web.StreamResponse:
    """POST /conversations: begins it, says the first message if there is one, and opens it."""
    show_refusals(request, _page)
    device, form = device_of(request), await read_form(request, StartForm)
    kind, _, name = form.who.partition(":")
    if kind not in ("worker", "cli") or not name:
        raise Problem(ProblemCode.INVALID_REQUEST, "Choose who to talk to.", {"field": "who"})
    made = await device.conversations.create(
        NewConversation(
            agent_id=name if kind == "worker" else None,
            cli=name if kind == "cli" else None,
            model=form.model.strip() or None,
            folder=await _folder(device, form),
            permission=form.permission,
            worktree=form.worktree,
            origin="page",
        )
    )
    note(request).target = made.id
    if form.text.strip():
        by = identity_of(request).person.name
        await device.conversations.send(made.id, NewMessage(text=form.text, by=by, origin="page"))
    return see(request, f"/conversations/{made.id}")


async def _folder(device: Device, form: StartForm) -> Path | None:
    new = form.new_folder.strip()
    if new and new not in await device.workspace.folders():
        await device.workspace.make_folder(new)
    chosen = new or form.workdir
    return Path(chosen) if chosen else None


async def choices(device: Device) -> list[Choice]:
    """Workers first, then the CLIs."""
    statuses = {status.agent: status for status in await device.agents.statuses()}
    ready = {name for name, status in statuses.items() if status.converses}
    root = device.workspace.root
    found = [
        Choice(
            value=f"worker:{worker.id}",
            name=worker.name,
            detail=f"{cli_in_words(device, worker.cli)} in {folder_in_words(worker.folder, root)}",
            ready=worker.cli in ready,
        )
        for worker in await device.workers.list()
    ]
    found += [
        Choice(f"cli:{name}", status.title, status.version or "installed", name in ready)
        for name, status in statuses.items()
    ]
    return found


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    device = device_of(request)
    found = await choices(device)
    wanted = request.query.get("who", "")
    ready = [choice.value for choice in found if choice.ready]
    view = NewConversationView(
        title="New conversation",
        nav="conversations",
        choices=found,
        chosen=wanted if wanted in ready else next(iter(ready), ""),
        folders=await device.workspace.folders(),
        permissions=PERMISSIONS,
        form=state,
    )
    return render(request, "new_conversation.html", view, status)

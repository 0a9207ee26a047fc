"""The configured workers: who they are, what they may do, and their variables, whose values are never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator

from foundation.web.context import note
from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.agents.types import AgentName
from gateway.conversations.types import Agent, Permission
from gateway.conversations.workers import WorkerValues
from webui.api.models.sessions import EnvName, EnvValue
from webui.context import Device, device_of
from webui.pages.folders import folder_in_words
from webui.pages.new_conversation import PERMISSIONS
from webui.pages.talks import cli_in_words

_FORGET = "forget:"


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker in the list."""

    worker: Agent
    cli: str
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersView(PageView):
    """The list."""

    workers: Sequence[WorkerRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView(PageView):
    """The form of one worker, or of a new one."""

    worker: Agent | None
    folder: str
    clis: Sequence[tuple[str, str]]
    folders: Sequence[str]
    permissions: tuple[tuple[str, str], ...]
    variables: Sequence[str]
    """Names only."""
    form: FormState


class WorkerForm(BaseModel):
    """What a worker is to be. ``environment`` has a NAME=value on each line; what it does not name stays."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=64)
    cli: AgentName
    model: str = Field("", max_length=200)
    workdir: str = Field("", max_length=1024)
    instructions: str = Field("", max_length=60_000)
    permission: Permission
    environment: dict[EnvName, EnvValue] = Field(default_factory=dict, max_length=50)

    @field_validator("environment", mode="before")
    @classmethod
    def _lines(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        lines = [line for line in value.splitlines() if line.strip()]
        if any("=" not in line for line in lines):
            raise ValueError("Write each variable on a line of its own, as NAME=value")
        return {name.strip(): text for name, _, text in (line.partition("=") for line in lines)}


async def workers_page(request: web.Request) -> web.StreamResponse:
    """GET /workers."""
    device = device_of(request)
    rows = [
        WorkerRow(worker, cli_in_words(device, worker.cli), folder_in_words(worker.folder, device.workspace.root))
        for worker in await device.workers.list()
    ]
    return render(request, "workers.html", WorkersView(title="Workers", nav="conversations", workers=rows))


async def new_worker_page(request: web.Request) -> web.StreamResponse:
    """GET /workers/new."""
    return await _new_page(request, FormState(), 200)


async def add_worker(request: web.Request) -> web.StreamResponse:
    """POST /workers."""
    show_refusals(request, _new_page)
    form = await read_form(request, WorkerForm)
    note(request).target = form.name
    await device_of(request).workers.create(_values(form, form.environment))
    return back_to(request, "/workers", "worker-saved")


async def worker_page(request: web.Request) -> web.StreamResponse:
    """GET /workers/{worker_id}. Raises NOT_FOUND."""
    return await _own_page(request, FormState(), 200)


async def change_worker(request: web.Request) -> web.StreamResponse:
    """POST /workers/{worker_id}: a variable that is ticked to be forgotten goes, one that is written anew changes."""
    show_refusals(request, _own_page)
    workers = device_of(request).workers
    before = await workers.get(_id(request))
    note(request).target = before.name
    form = await read_form(request, WorkerForm)
    gone = {name.removeprefix(_FORGET) for name in await posted(request) if name.startswith(_FORGET)}
    kept = {name: value for name, value in before.environment.items() if name not in gone}
    await workers.change(before.id, _values(form, {**kept, **form.environment}))
    return back_to(request, "/workers", "worker-saved")


async def remove_worker(request: web.Request) -> web.StreamResponse:
    """POST /workers/{worker_id}/remove."""
    await device_of(request).workers.remove(_id(request))
    return back_to(request, "/workers", "worker-removed")


def _values(form: WorkerForm, environment: Mapping[str, str]) -> WorkerValues:
    return WorkerValues(
        name=form.name.strip(),
        cli=form.cli,
        model=form.model.strip() or None,
        folder=form.workdir,
        instructions=form.instructions,
        permission=form.permission,
        environment=environment,
    )


async def _new_page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    return await _page(request, None, state, status)


async def _own_page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    return await _page(request, await device_of(request).workers.get(_id(request)), state, status)


async def _page(request: web.Request, worker: Agent | None, state: FormState, status: int) -> web.StreamResponse:
    device = device_of(request)
    folders = await device.workspace.folders()
    folder = _relative(device, worker) if worker else ""
    view = WorkerView(
        title=worker.name if worker else "New worker",
        nav="conversations",
        worker=worker,
        folder=folder,
        clis=[(one.agent, one.title) for one in await device.agents.statuses()],
        folders=folders if folder in ("", *folders) else [*folders, folder],
        permissions=PERMISSIONS,
        variables=sorted(worker.environment) if worker else [],
        form=state,
    )
    return render(request, "worker.html", view, status)


def _relative(device: Device, worker: Agent) -> str:
    root = device.workspace.root
    if worker.folder == root or not worker.folder.is_relative_to(root):
        return ""
    return worker.folder.relative_to(root).as_posix()


def _id(request: web.Request) -> str:
    return request.match_info["worker_id"]

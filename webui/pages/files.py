"""Browsing the workspace, and changing what is in it. Browsing and downloading need no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import dirname
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.workspaces.types import Entry
from webui.context import Device, device_of


@dataclass(frozen=True, slots=True)
class Crumb:
    """A folder on the way down."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A name in the folder and where it leads; None where a browser cannot go."""

    entry: Entry
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesView(PageView):
    """A folder: the way to it and what is in it."""

    path: str
    crumbs: Sequence[Crumb]
    rows: Sequence[FileRow]
    form: FormState
    query: str
    """The folder as a query string."""


class FolderForm(BaseModel):
    """A new folder in the folder ``path``."""

    model_config = ConfigDict(extra="ignore")

    path: str = Field("", max_length=4096)
    name: str = Field(min_length=1, max_length=255)


class MoveForm(BaseModel):
    """Another name or place: both paths from the workspace root."""

    model_config = ConfigDict(extra="ignore")

    source: str = Field(min_length=1, max_length=4096)
    target: str = Field(min_length=1, max_length=4096)
    path: str = Field("", max_length=4096)


class RemoveForm(BaseModel):
    """What to delete, and the folder to go back to."""

    model_config = ConfigDict(extra="ignore")

    target: str = Field(min_length=1, max_length=4096)
    path: str = Field("", max_length=4096)


async def files_page(request: web.Request) -> web.StreamResponse:
    """GET /files?path=: what is in a folder. Raises NOT_FOUND and PATH_OUTSIDE_WORKSPACE."""
    view = await _view(device_of(request), request.query.get("path", ""), FormState())
    return render(request, "files.html", view)


async def files_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/files?path=: the list alone."""
    view = await _view(device_of(request), request.query.get("path", ""), FormState())
    return render(request, "parts/files.html", view)


async def make_folder(request: web.Request) -> web.StreamResponse:
    """POST /files/folder."""
    show_refusals(request, _refused)
    form = await read_form(request, FolderForm)
    target = _joined(form.path, form.name)
    note(request).target = target
    await device_of(request).workspace.make_folder(target)
    return back_to(request, "/files", "folder-made", path=form.path)


async def move_file(request: web.Request) -> web.StreamResponse:
    """POST /files/move."""
    show_refusals(request, _refused)
    form = await read_form(request, MoveForm)
    note(request).target = form.target
    note(request).details = {"from": form.source[:500]}
    await device_of(request).workspace.move(form.source, form.target)
    return back_to(request, "/files", "file-moved", path=form.path)


async def remove_file(request: web.Request) -> web.StreamResponse:
    """POST /files/remove."""
    show_refusals(request, _refused)
    form = await read_form(request, RemoveForm)
    note(request).target = form.target
    await device_of(request).workspace.remove(form.target)
    return back_to(request, "/files", "file-removed", path=form.path)


async def _refused(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    folder = (await posted(request)).get("path", "")
    sentence = state.problem or " ".join(state.errors.values())
    view = await _view(device_of(request), folder, FormState(problem=sentence))
    return render(request, "files.html", view, status)


async def _view(device: Device, path: str, form: FormState) -> FilesView:
    path = "/".join(part for part in path.split("/") if part)
    entries = await device.workspace.entries(path)
    return FilesView(
        title=path.rpartition("/")[2] or "Files",
        nav="files",
        path=path,
        crumbs=_crumbs(path),
        rows=[FileRow(entry, _address(entry)) for entry in entries],
        form=form,
        query=urlencode({"path": path}),
    )


def _address(entry: Entry) -> str | None:
    query = urlencode({"path": entry.path})
    match entry.kind:
        case "folder":
            return f"/files?{query}"
        case "file":
            return f"/api/files/content?{query}"
        case _:
            return None


def _crumbs(path: str) -> list[Crumb]:
    crumbs: list[Crumb] = []
    while path:
        crumbs.insert(0, Crumb(path.rpartition("/")[2], path))
        path = dirname(path)
    return crumbs


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name

"""Backup, restore, factory reset and support bundle on one page of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from foundation.web.context import VISIT, note
from foundation.web.pages.forms import FormState, posted, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.care.types import LONGEST_PASSPHRASE, PIECE, SHORTEST_PASSPHRASE, CareState, Checked, Saved
from protocol.problems import Problem, ProblemCode
from webui.api.care import begin_backup, begin_restored
from webui.context import Device, device_of
from webui.pages.settings import SettingsView, places_for

_ADDRESS: Final = "/settings/care"
_FOLDER: Final = "folder:"
"""Stands before the name of a folder in its checkbox's name."""


@dataclass(frozen=True, slots=True)
class CareStanding:
    """What both the page and its living part show."""

    state: CareState
    saved: Saved | None
    checked: Checked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePartView(PageView):
    """The part that follows what happens."""

    standing: CareStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class CareView(SettingsView):
    """All of the page; by way of a hub only the support bundle of it."""

    standing: CareStanding
    visit: bool
    name: str
    folders: Sequence[str]
    chosen: frozenset[str]
    shortest: int
    piece: int
    form: FormState


class BackupForm(BaseModel):
    """A passphrase, twice; the folders have names of their own."""

    model_config = ConfigDict(extra="ignore")

    passphrase: Annotated[SecretStr, Field(max_length=LONGEST_PASSPHRASE)]
    again: Annotated[SecretStr, Field(max_length=LONGEST_PASSPHRASE)]


class ResetForm(BaseModel):
    """The device's name, and what becomes of people's files."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(max_length=255)] = ""
    workspace: bool = False


async def care_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/care."""
    return await _page(request, FormState(), 200)


async def care_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/care: how a backup or restore stands, for the script that keeps the page fresh."""
    view = CarePartView(title="Backup and reset", standing=_standing(device_of(request)))
    return render(request, "parts/care.html", view)


async def make_backup(request: web.Request) -> web.StreamResponse:
    """POST /settings/care/backup."""
    show_refusals(request, _page)
    form = await read_form(request, BackupForm)
    if form.passphrase != form.again:
        raise Problem(ProblemCode.INVALID_REQUEST, "The two passphrases differ. Type both again.", {"field": "again"})
    await begin_backup(request, form.passphrase.get_secret_value(), await _chosen(request))
    return back_to(request, _ADDRESS, "care-saving")


async def forget_backup(request: web.Request) -> web.StreamResponse:
    """POST /settings/care/backup/forget."""
    show_refusals(request, _page)
    await device_of(request).care.forget()
    return back_to(request, _ADDRESS, "care-forgotten")


async def restore(request: web.Request) -> web.StreamResponse:
    """POST /settings/care/restore: the backup that was brought and is good."""
    show_refusals(request, _page)
    await begin_restored(request)
    return back_to(request, _ADDRESS, "care-restarts")


async def give_up(request: web.Request) -> web.StreamResponse:
    """POST /settings/care/restore/forget."""
    show_refusals(request, _page)
    await device_of(request).care.give_up()
    return back_to(request, _ADDRESS, "care-given-up")


async def reset(request: web.Request) -> web.StreamResponse:
    """POST /settings/care/reset."""
    show_refusals(request, _page)
    form = await read_form(request, ResetForm)
    note(request).details["workspace"] = form.workspace
    await device_of(request).care.reset(form.name, workspace=form.workspace)
    return back_to(request, _ADDRESS, "care-restarts")


def _standing(device: Device) -> CareStanding:
    return CareStanding(device.care.state(), device.care.saved(), device.care.checked())


async def _chosen(request: web.Request) -> tuple[str, ...]:
    return tuple(name.removeprefix(_FOLDER) for name in await posted(request) if name.startswith(_FOLDER))


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    device = device_of(request)
    visit = request[VISIT] is not None
    folders = () if visit else await device.care.folders()
    # From here on nothing is waited for: events that come after this are told to the page, those before are in it.
    view = CareView(
        title="Backup and reset",
        place="care",
        places=places_for(request),
        standing=_standing(device),
        visit=visit,
        name=device.name,
        folders=folders,
        chosen=frozenset(name.removeprefix(_FOLDER) for name in state.values if name.startswith(_FOLDER)),
        shortest=SHORTEST_PASSPHRASE,
        piece=PIECE,
        form=state,
    )
    return render(request, "settings/care.html", view, status)

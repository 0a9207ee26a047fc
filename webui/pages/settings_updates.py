"""Which version runs, how an update stands, and everything a person does about updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.accounts.types import Role
from gateway.updates.desk import Order
from gateway.updates.preferences import Preferences
from gateway.updates.types import (
    BUSY,
    WINDOW_FORM,
    Automatic,
    Medium,
    Release,
    Rollback,
    Slot,
    UpdateState,
)
from gateway.updates.uploads import PIECE
from webui.api.updates import begin, slots_of
from webui.context import Device, device_of, identity_of
from webui.pages.settings import SettingsView, places_for

_ADDRESS = "/settings/updates"


@dataclass(frozen=True, slots=True)
class Standing:
    """What both the page and its living part show."""

    running: str
    state: UpdateState
    busy: bool
    slots: Sequence[Slot]
    unavailable: str
    offered: Release | None
    rollback: Rollback | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatesPartView(PageView):
    """The part that follows what happens."""

    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatesView(SettingsView):
    """All of the page."""

    standing: Standing
    able: bool
    """Whether this device can update itself at all."""
    media: Sequence[Medium]
    preferences: Preferences
    piece: int
    form: FormState


class MediumForm(BaseModel):
    """A bundle on a stick."""

    model_config = ConfigDict(extra="ignore")

    file: Annotated[str, Field(min_length=1, max_length=4096)]


class PreferencesForm(BaseModel):
    """What comes by itself, and when."""

    model_config = ConfigDict(extra="ignore")

    automatic: Automatic | None = None
    window: Annotated[str, Field(pattern=WINDOW_FORM)] | None = None


async def updates_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/updates."""
    return await _page(request, FormState(), 200)


async def updates_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/updates: how the update stands, for the script that keeps the page fresh."""
    standing = await _standing(device_of(request))
    return render(request, "parts/updates.html", UpdatesPartView(title="Updates", standing=standing))


async def update_notice_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/update-notice: what the first page says about updates."""
    view = UpdatesPartView(title="Updates", standing=standing_without_slots(device_of(request)))
    return render(request, "parts/update_notice.html", view)


async def check_channel(request: web.Request) -> web.StreamResponse:
    """POST /settings/updates/check."""
    show_refusals(request, _page)
    found = await device_of(request).updates.updater.check()
    return back_to(request, _ADDRESS, "update-none" if found is None else "update-offered")


async def install_offered(request: web.Request) -> web.StreamResponse:
    """POST /settings/updates/install: what the channel offers."""
    show_refusals(request, _page)
    await begin(request, Order())
    return back_to(request, _ADDRESS, "update-begun")


async def install_medium(request: web.Request) -> web.StreamResponse:
    """POST /settings/updates/medium: a bundle on a stick."""
    show_refusals(request, _page)
    form = await read_form(request, MediumForm)
    await begin(request, Order(file=form.file))
    return back_to(request, _ADDRESS, "update-begun")


async def restart(request: web.Request) -> web.StreamResponse:
    """POST /settings/updates/restart."""
    show_refusals(request, _page)
    device = device_of(request)
    note(request).target = device.updates.updater.state().version or ""
    await device.updates.updater.restart()
    return back_to(request, _ADDRESS, "update-restarts")


async def save_preferences(request: web.Request) -> web.StreamResponse:
    """POST /settings/updates/preferences."""
    show_refusals(request, _page)
    form = await read_form(request, PreferencesForm)
    await device_of(request).updates.preferences.change(automatic=form.automatic, window=form.window)
    return back_to(request, _ADDRESS, "update-preferences")


def standing_without_slots(device: Device) -> Standing:
    """How updates stand, as far as it is known without asking the system."""
    updater = device.updates.updater
    state = updater.state()
    return Standing(device.version, state, state.phase in BUSY, (), "", updater.offered(), updater.last_rollback())


async def _standing(device: Device) -> Standing:
    slots, unavailable = await slots_of(device)
    known = standing_without_slots(device)
    return Standing(known.running, known.state, known.busy, slots, unavailable, known.offered, known.rollback)


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    device = device_of(request)
    admin = identity_of(request).person.role is Role.ADMIN
    standing = await _standing(device)
    view = UpdatesView(
        title="Updates",
        place="updates",
        places=places_for(request),
        standing=standing,
        able=bool(standing.slots or standing.unavailable),
        media=await device.updates.updater.media() if admin else (),
        preferences=await device.updates.preferences.get(),
        piece=PIECE,
        form=state,
    )
    return render(request, "settings/updates.html", view, status)

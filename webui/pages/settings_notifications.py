"""Notifications: what is told, when not, which browsers, and where else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator

from foundation.notify.kinds import KINDS, MAX_ADDRESS
from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from gateway.accounts.types import Role
from gateway.notify.notifications import local_zone
from gateway.notify.types import Browser, Kind, Target, Wishes
from webui.api.notifications import own_browser, own_browsers
from webui.context import device_of, identity_of
from webui.pages.settings import SettingsView, places_for

_PATH = "/settings/notifications"
_KINDS = (
    (Kind.WAITS, "An agent waits for a person"),
    (Kind.FINISHED, "An agent is done"),
    (Kind.FAILED, "An agent failed"),
)


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target, and what its kind is called."""

    target: Target
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsView(SettingsView):
    """All of the page; wishes and targets are the admins'."""

    browsers: Sequence[Browser]
    targets: Sequence[TargetRow]
    wishes: Wishes
    kinds: tuple[tuple[Kind, str], ...]
    quiet_from: str
    quiet_to: str
    zone: str
    admin: bool
    form: FormState


class WishesForm(BaseModel):
    """What is told, and the quiet hours as ``HH:MM``; both empty for none."""

    model_config = ConfigDict(extra="ignore")

    waits: bool = False
    finished: bool = False
    failed: bool = False
    quiet_from: time | None = None
    quiet_to: time | None = None

    @field_validator("quiet_from", "quiet_to", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class TargetForm(BaseModel):
    """Where else to tell."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=64)
    address: str = Field(min_length=1, max_length=MAX_ADDRESS)


async def notifications_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/notifications."""
    return await _page(request, FormState(), 200)


async def save_wishes(request: web.Request) -> web.StreamResponse:
    """POST /settings/notifications."""
    show_refusals(request, _page)
    form = await read_form(request, WishesForm)
    kinds = frozenset(kind for kind, _ in _KINDS if getattr(form, kind.value))
    wishes = Wishes(kinds, _minute(form.quiet_from), _minute(form.quiet_to))
    await device_of(request).notifications.set_wishes(wishes)
    return back_to(request, _PATH, "notifications-saved")


async def add_target(request: web.Request) -> web.StreamResponse:
    """POST /settings/notifications/targets."""
    show_refusals(request, _page)
    form = await read_form(request, TargetForm)
    note(request).target = form.name
    await device_of(request).notifications.add_target(form.name.strip(), form.address.strip())
    return back_to(request, _PATH, "target-added")


async def test_target(request: web.Request) -> web.StreamResponse:
    """POST /settings/notifications/targets/{target_id}/test."""
    show_refusals(request, _page)
    await device_of(request).notifications.test_target(_target_id(request))
    return back_to(request, _PATH, "target-tested")


async def remove_target(request: web.Request) -> web.StreamResponse:
    """POST /settings/notifications/targets/{target_id}/remove."""
    await device_of(request).notifications.remove_target(_target_id(request))
    return back_to(request, _PATH, "target-removed")


async def test_browser(request: web.Request) -> web.StreamResponse:
    """POST /settings/notifications/browsers/{browser_id}/test."""
    show_refusals(request, _page)
    await device_of(request).notifications.test_browser((await own_browser(request)).id)
    return back_to(request, _PATH, "target-tested")


async def remove_browser(request: web.Request) -> web.StreamResponse:
    """POST /settings/notifications/browsers/{browser_id}/remove."""
    await device_of(request).notifications.remove_browser((await own_browser(request)).id)
    return back_to(request, _PATH, "browser-removed")


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    notifications = device_of(request).notifications
    admin = identity_of(request).person.role.may(Role.ADMIN)
    wishes = await notifications.wishes()
    targets = await notifications.targets() if admin else ()
    view = NotificationsView(
        title="Notifications",
        place="notifications",
        places=places_for(request),
        browsers=await own_browsers(request),
        targets=[TargetRow(one, KINDS[one.kind].name if one.kind in KINDS else one.kind) for one in targets],
        wishes=wishes,
        kinds=_KINDS,
        quiet_from=_clock(wishes.quiet_from),
        quiet_to=_clock(wishes.quiet_to),
        zone=str(local_zone() or "UTC"),
        admin=admin,
        form=state,
    )
    return render(request, "settings/notifications.html", view, status)


def _minute(at: time | None) -> int | None:
    return None if at is None else at.hour * 60 + at.minute


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _target_id(request: web.Request) -> int:
    text = request.match_info["target_id"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

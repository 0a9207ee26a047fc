"""Which SSH keys may log in to this device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from gateway.host.types import SshKey
from webui.context import device_of
from webui.pages.settings import SettingsView, places_for


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysView(SettingsView):
    """The keys, and the form for one more."""

    keys: Sequence[SshKey]
    today: str
    form: FormState


class KeyForm(BaseModel):
    """A public key, what to call it, and the day after which it stops working."""

    model_config = ConfigDict(extra="ignore")

    public_key: str = Field(min_length=1, max_length=16_384)
    label: str = Field("", max_length=64)
    expires_on: date | None = None

    @field_validator("expires_on", mode="before")
    @classmethod
    def _empty_is_never(cls, value: object) -> object:
        return None if value == "" else value


class FingerprintForm(BaseModel):
    """The key to take out."""

    model_config = ConfigDict(extra="ignore")

    fingerprint: str = Field(min_length=1, max_length=200)


async def keys_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/keys."""
    return await _page(request, FormState(), 200)


async def add_key(request: web.Request) -> web.StreamResponse:
    """POST /settings/keys. The key works to the end of the day it is given (UTC)."""
    show_refusals(request, _page)
    form = await read_form(request, KeyForm)
    expires = datetime.combine(form.expires_on, time.max, UTC) if form.expires_on else None
    key = await device_of(request).ssh_keys.authorize(form.public_key.strip(), form.label.strip(), expires)
    note(request).target = key.fingerprint
    return back_to(request, "/settings/keys", "key-added")


async def revoke_key(request: web.Request) -> web.StreamResponse:
    """POST /settings/keys/revoke."""
    show_refusals(request, _page)
    form = await read_form(request, FingerprintForm)
    note(request).target = form.fingerprint
    await device_of(request).ssh_keys.revoke(form.fingerprint)
    return back_to(request, "/settings/keys", "key-revoked")


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    view = KeysView(
        title="SSH keys",
        place="keys",
        places=places_for(request),
        keys=await device_of(request).ssh_keys.list(),
        today=datetime.now(UTC).date().isoformat(),
        form=state,
    )
    return render(request, "settings/keys.html", view, status)

"""Which hub this device belongs to, and how the link to it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from protocol.problems import Problem, ProblemCode
from provisioning.hub_credentials import HubCredentials
from webui.context import device_of
from webui.pages.settings import SettingsView, places_for


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPartView(PageView):
    """The state of the link alone."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubView(SettingsView):
    """The link, and the form that makes another."""

    state: str
    url: str
    since: datetime | None
    last_error: str
    gateway_id: str
    form: FormState


class HubForm(BaseModel):
    """Where the hub is, and what proves that this device belongs to it."""

    model_config = ConfigDict(extra="ignore")

    url: str = Field(min_length=1, max_length=2000)
    token: SecretStr = Field(min_length=1, max_length=4096)


async def hub_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/hub."""
    return await _page(request, FormState(), 200)


async def hub_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/hub: the state of the link as a chip."""
    state = device_of(request).hub_link.status.state
    return render(request, "parts/hub.html", HubPartView(title="Hub", state=state))


async def save_hub(request: web.Request) -> web.StreamResponse:
    """POST /settings/hub: the link is made anew with these."""
    show_refusals(request, _page)
    form = await read_form(request, HubForm)
    note(request).target = form.url.partition("?")[0]
    await device_of(request).hub_link.configure(_credentials(form))
    return back_to(request, "/settings/hub", "hub-saved")


async def remove_hub(request: web.Request) -> web.StreamResponse:
    """POST /settings/hub/remove."""
    await device_of(request).hub_link.configure(None)
    return back_to(request, "/settings/hub", "hub-removed")


def _credentials(form: HubForm) -> HubCredentials:
    try:
        return HubCredentials(url=form.url.strip(), token=form.token)
    except ValidationError:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            "This is not the address of a hub. Give one such as wss://hub.example.org.",
            {"field": "url"},
        ) from None


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    device = device_of(request)
    link = device.hub_link.status
    view = HubView(
        title="Hub",
        place="hub",
        places=places_for(request),
        state=link.state,
        url=link.url or "",
        since=link.since,
        last_error=link.last_error or "",
        gateway_id=device.gateway_id,
        form=state,
    )
    return render(request, "settings/hub.html", view, status)

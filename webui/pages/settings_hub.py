"""Which hub this device belongs to, how the link to it is, and what the hub may do here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.hub_link.status import Claim, HubStatus
from gateway.tunnel.visitors import Visitor
from protocol.events import PERMISSIONS, Permission
from webui.context import device_of
from webui.hub_changes import credentials, refuse_the_hub
from webui.pages.qr import qr
from webui.pages.settings import SettingsView, places_for

CHOICES: Final[tuple[tuple[Permission, str, str], ...]] = (
    ("terminals", "Terminals", "Start sessions, see them, type into them, end them."),
    ("pages", "This device's pages", "Open them through the hub, with the role that the hub gives."),
    ("files", "Files", "Send and fetch files, and see the workspace's folders."),
    ("keys", "SSH keys", "See and change which keys may log in."),
    ("agents", "Agent CLIs", "See and install them."),
    ("update", "Updates", "Bring this device to another version."),
)
"""What is allowed beside health, with the words for it."""
_HEALTH: Final[tuple[Permission, ...]] = ("health",)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubChipView(PageView):
    """The state of the link in two words."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLinkView(PageView):
    """The link, and the code to claim this device with."""

    link: HubStatus
    picture: Markup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubView(SettingsView):
    """The link, what the hub may do, and the form that makes another link."""

    link: HubStatus
    picture: Markup | None
    what: str
    choices: tuple[tuple[Permission, str, str], ...]
    visitors: Sequence[Visitor]
    form: FormState


class HubForm(BaseModel):
    """Where the hub is, and a token where the hub gave one."""

    model_config = ConfigDict(extra="ignore")

    url: str = Field(min_length=1, max_length=2000)
    token: SecretStr | None = Field(default=None, max_length=4096)

    @field_validator("token")
    @classmethod
    def _may_be_empty(cls, token: SecretStr | None) -> SecretStr | None:
        return token if token is not None and token.get_secret_value() else None


class PolicyForm(BaseModel):
    """What the hub may do: all, nothing but health, or what is ticked."""

    model_config = ConfigDict(extra="ignore")

    what: Literal["all", "health", "custom"]
    terminals: bool = False
    pages: bool = False
    files: bool = False
    keys: bool = False
    agents: bool = False
    update: bool = False

    def allows(self) -> tuple[Permission, ...]:
        """The permissions that this stands for."""
        if self.what != "custom":
            return PERMISSIONS if self.what == "all" else _HEALTH
        return tuple(name for name, _, _ in CHOICES if getattr(self, name) is True)


async def hub_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/hub."""
    return await _page(request, FormState(), 200)


async def hub_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/hub: the state of the link as a chip."""
    state = device_of(request).hub_link.status.state
    return render(request, "parts/hub.html", HubChipView(title="Hub", state=state))


async def hub_link_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/hub-link: the link with the claim code, for who may claim."""
    link = device_of(request).hub_link.status
    return render(request, "parts/hub_link.html", HubLinkView(title="Hub", link=link, picture=_picture(link.claim)))


async def save_hub(request: web.Request) -> web.StreamResponse:
    """POST /settings/hub: the link is made anew with these."""
    show_refusals(request, _page)
    refuse_the_hub(request)
    form = await read_form(request, HubForm)
    note(request).target = form.url.partition("?")[0]
    await device_of(request).hub_link.configure(credentials(form.url, form.token))
    return back_to(request, "/settings/hub", "hub-saved")


async def remove_hub(request: web.Request) -> web.StreamResponse:
    """POST /settings/hub/remove."""
    show_refusals(request, _page)
    refuse_the_hub(request)
    await device_of(request).hub_link.configure(None)
    return back_to(request, "/settings/hub", "hub-removed")


async def save_policy(request: web.Request) -> web.StreamResponse:
    """POST /settings/hub/policy: what the hub may do from now on."""
    show_refusals(request, _page)
    refuse_the_hub(request)
    allows = (await read_form(request, PolicyForm)).allows()
    note(request).target = " ".join(allows) or "health"
    await device_of(request).hub_link.allow(allows)
    return back_to(request, "/settings/hub", "hub-policy")


async def rotate_key(request: web.Request) -> web.StreamResponse:
    """POST /settings/hub/rotate: another key for this device."""
    show_refusals(request, _page)
    refuse_the_hub(request)
    await device_of(request).hub_link.rotate_key()
    return back_to(request, "/settings/hub", "hub-key")


def _what(allows: tuple[Permission, ...]) -> str:
    if set(allows) == set(PERMISSIONS):
        return "all"
    return "health" if allows == _HEALTH else "custom"


def _picture(claim: Claim | None) -> Markup | None:
    return qr(claim.address, error="m") if claim is not None else None


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    device = device_of(request)
    link = device.hub_link.status
    view = HubView(
        title="Hub",
        place="hub",
        places=places_for(request),
        link=link,
        picture=_picture(link.claim),
        what=_what(link.allows),
        choices=CHOICES,
        visitors=device.visitors,
        form=state,
    )
    return render(request, "settings/hub.html", view, status)

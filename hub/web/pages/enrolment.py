"""Many devices at once, by a token in their first-boot file, and gateways of another make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.models import MAX_NUMBER
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from hub.enrolment.batches import NewBatch
from hub.enrolment.types import Batch
from hub.people.roles import Role
from hub.store.tables.devices import MAX_NAME
from hub.web.api.models.enrolment import MAX_USES
from hub.web.api.organisations import public_origin
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.pages.mine import my_groups
from hub.web.security.devices import BATCH, group_of_body

LIFETIMES: Final = (("1", "a day"), ("7", "a week"), ("30", "30 days"), ("365", "a year"))


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch, its group in words, and whether it still lets devices in."""

    batch: Batch
    group: str
    over: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A secret that is shown this once."""

    title: str
    token: str
    snippet: str
    """What to put where, ready to copy."""
    snippet_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentView(PageView):
    """The batches, the forms, and the secret of what was just made."""

    batches: Sequence[BatchRow]
    owned: Sequence[tuple[str, str]]
    """Groups for batches."""
    worked: Sequence[tuple[str, str]]
    """Groups for gateways."""
    lifetimes: Sequence[tuple[str, str]]
    max_uses: int
    form: FormState
    made: Made | None = None


class BatchForm(BaseModel):
    """A token for many devices."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    label: str = Field(min_length=1, max_length=64)
    group_id: int = Field(ge=1, le=MAX_NUMBER)
    max_uses: int = Field(ge=1, le=MAX_USES)
    lifetime: Literal["1", "7", "30", "365"]


class GatewayForm(BaseModel):
    """A gateway of another make."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    gateway_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")
    name: str = Field(min_length=1, max_length=MAX_NAME)
    group: int = Field(ge=1, le=MAX_NUMBER)


async def enrolment_page(request: web.Request) -> web.StreamResponse:
    """GET /enrolment."""
    return await _page(request, FormState(), 200)


async def add_batch(request: web.Request) -> web.StreamResponse:
    """POST /enrolment/batches: answers with the page itself, because the token is shown this once."""
    show_refusals(request, _page)
    form = await read_form(request, BatchForm)
    group = await group_of_body(request, form.group_id, Role.OWNER)
    said = note(request)
    said.target = form.label
    said.details.update({"group_id": group.id, "max_uses": form.max_uses})
    expires_at = datetime.now(UTC) + timedelta(days=int(form.lifetime))
    new = NewBatch(group.id, form.label, form.max_uses, expires_at, identity_of(request).name)
    _, token = await hub_of(request).enrolment.batches.add(new)
    made = Made("The token is made.", token, _cloud_init(public_origin(request), token), "For cloud-init (user-data)")
    return await _page(request, FormState(), 200, made)


async def revoke_batch(request: web.Request) -> web.StreamResponse:
    """POST /enrolment/batches/{batch_id}/revoke."""
    batch = request[BATCH]
    note(request).target = batch.label
    await hub_of(request).enrolment.batches.revoke(batch.id)
    return back_to(request, "/enrolment", "batch-revoked")


async def add_gateway(request: web.Request) -> web.StreamResponse:
    """POST /enrolment/gateways: answers with the page itself, because the token is shown this once."""
    show_refusals(request, _page)
    form = await read_form(request, GatewayForm)
    group = await group_of_body(request, form.group, Role.OPERATOR)
    note(request).target = form.name
    note(request).details["gateway_id"] = form.gateway_id
    enrolment = hub_of(request).enrolment
    device, token = await enrolment.gateways.add(form.gateway_id, group.id, form.name, identity_of(request).name)
    audit_place(request).device_id = device.id
    enrolment.trail.claimed(device)
    made = Made(
        f"{form.name} is registered.", token, _headers(public_origin(request), form.gateway_id, token), "What it sends"
    )
    return await _page(request, FormState(), 200, made)


def _cloud_init(origin: str, token: str) -> str:
    return (
        "#cloud-config\n"
        "write_files:\n"
        "  - path: /etc/hutch/hutch.toml\n"
        '    permissions: "0600"\n'
        "    content: |\n"
        f'      hub = "{origin}"\n'
        f'      hub_token = "{token}"\n'
    )


def _headers(origin: str, gateway_id: str, token: str) -> str:
    address = origin.replace("http", "ws", 1)
    return f"GET {address}/gw/connect\nX-Gateway-Id: {gateway_id}\nAuthorization: Bearer {token}\n"


async def _page(request: web.Request, state: FormState, status: int, made: Made | None = None) -> web.StreamResponse:
    groups = await my_groups(request)
    reach = identity_of(request).grants.groups(Role.OWNER)
    found = await hub_of(request).enrolment.batches.page(reach, None, 100)
    names, now = groups.names, datetime.now(UTC)
    view = EnrolmentView(
        title="Many devices",
        nav="fleet",
        batches=[BatchRow(one, names.get(one.group_id, ""), _is_over(one, now)) for one in found],
        owned=groups.may(request, Role.OWNER).options(),
        worked=groups.may(request, Role.OPERATOR).options(),
        lifetimes=LIFETIMES,
        max_uses=MAX_USES,
        form=state,
        made=made,
    )
    return render(request, "enrolment.html", view, status)


def _is_over(batch: Batch, now: datetime) -> bool:
    return batch.revoked_at is not None or batch.expires_at <= now or batch.uses >= batch.max_uses

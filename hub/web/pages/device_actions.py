"""What is done with one device from its page. Every refusal leads back to the page, with a sentence."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.models import MAX_NUMBER
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to, see
from hub.events import DeviceChanged
from hub.fleet.commands import ask, fetch
from hub.people.roles import Role
from hub.ports import new_request_id
from hub.store.tables.devices import MAX_NAME
from hub.web.api.commands import AGENTS, START_SECONDS, session_id_of
from hub.web.api.queue import take_back
from hub.web.context import hub_of, identity_of
from hub.web.pages.device import show_device
from hub.web.security.devices import DEVICE, DEVICE_ROW, group_of_body
from protocol import commands as wire
from protocol import events as told


class NameForm(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=MAX_NAME)


class MoveForm(BaseModel):
    """Another group."""

    model_config = ConfigDict(extra="ignore")

    group_id: int = Field(ge=1, le=MAX_NUMBER)


class TagsForm(BaseModel):
    """All tags, separated by spaces or commas."""

    model_config = ConfigDict(extra="ignore")

    tags: str = Field("", max_length=2000)


class StartForm(BaseModel):
    """What somebody wants to start."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=64)
    agent: str = Field("none", max_length=40)
    workdir: str = Field("", max_length=1024)


async def rename(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/rename."""
    show_refusals(request, _page)
    form = await read_form(request, NameForm)
    return await _change(request, "device-renamed", name=form.name)


async def move(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/move: into another group that one owns, too."""
    show_refusals(request, _page)
    form = await read_form(request, MoveForm)
    await group_of_body(request, form.group_id, Role.OWNER)
    return await _change(request, "device-moved", group_id=form.group_id)


async def tag(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/tags."""
    show_refusals(request, _page)
    form = await read_form(request, TagsForm)
    row, fleet = request[DEVICE_ROW], hub_of(request).fleet
    note(request).target = row.name
    tags = await fleet.tags.set(row.id, form.tags.replace(",", " ").split())
    note(request).details["tags"] = list(tags)
    fleet.announcer.publish(
        DeviceChanged(
            at=datetime.now(UTC),
            organisation_id=row.organisation_id,
            group_id=row.group_id,
            device_id=row.id,
            name=row.name,
            changed=("tags",),
        )
    )
    return back_to(request, _address(request), "device-tagged")


async def rotate_key(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/rotate-key."""
    show_refusals(request, _page)
    device = request[DEVICE]
    note(request).target = device.name
    rotated = await hub_of(request).enrolment.rotation.ask(device.id)
    note(request).details["fingerprint"] = rotated.fingerprint
    return back_to(request, _address(request), "key-rotated")


async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/revoke."""
    show_refusals(request, _page)
    device = request[DEVICE]
    note(request).target = device.name
    await hub_of(request).enrolment.leaving.revoke(device.id, identity_of(request).name)
    return back_to(request, _address(request), "device-revoked")


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/remove."""
    show_refusals(request, _page)
    device = request[DEVICE]
    note(request).target = device.name
    await hub_of(request).enrolment.leaving.remove(device.id, identity_of(request).name)
    return back_to(request, "/", "device-removed")


async def start_session(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/sessions: starts it and opens it."""
    show_refusals(request, _page)
    form = await read_form(request, StartForm)
    session_id = secrets.token_hex(8)
    note(request).target = request[DEVICE_ROW].name
    note(request).details.update({"session_id": session_id, "name": form.name, "agent": form.agent})
    command = wire.SessionCreate(
        request_id=new_request_id(),
        session_id=session_id,
        name=form.name,
        workdir=form.workdir or ".",
        agent=AGENTS.get(form.agent, "none"),
    )
    started = await fetch(hub_of(request).ports.of(request[DEVICE_ROW].id), command, told.SessionStarted, START_SECONDS)
    return see(request, f"{_address(request)}/sessions/{started.session_id}")


async def end_session(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/sessions/{session_id}/end."""
    show_refusals(request, _page)
    session_id = session_id_of(request.match_info["session_id"])
    note(request).target = request[DEVICE_ROW].name
    note(request).details["session_id"] = session_id
    port = hub_of(request).ports.of(request[DEVICE_ROW].id)
    await ask(port, wire.SessionEnd(request_id=new_request_id(), session_id=session_id))
    return back_to(request, _address(request), "session-ended")


async def cancel_command(request: web.Request) -> web.StreamResponse:
    """POST /fleet/{device_id}/commands/{command_id}/cancel."""
    show_refusals(request, _page)
    await take_back(request)
    return back_to(request, _address(request), "command-cancelled")


async def _change(
    request: web.Request, done: str, *, name: str | None = None, group_id: int | None = None
) -> web.StreamResponse:
    device, enrolment = request[DEVICE], hub_of(request).enrolment
    said = note(request)
    said.target = device.name
    said.details.update({"name": name} if name is not None else {"group_id": group_id})
    changed = await enrolment.devices.change(device.id, name=name, group_id=group_id)
    what = [word for word in ("name", "group_id") if getattr(changed, word) != getattr(device, word)]
    if what:
        enrolment.trail.changed(changed, *what)
    return back_to(request, _address(request), done)


def _address(request: web.Request) -> str:
    return f"/fleet/{request[DEVICE_ROW].id}"


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    return await show_device(request, state, status)

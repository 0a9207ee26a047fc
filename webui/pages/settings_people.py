"""Who has an account on this device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.accounts.rules import MIN_PASSWORD
from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from foundation.web.parsing import path_number
from gateway.accounts.types import Person, Role
from webui.context import device_of
from webui.pages.settings import SettingsView, places_for

ROLES = (
    (Role.VIEWER.value, "Viewer"),
    (Role.OPERATOR.value, "Operator"),
    (Role.ADMIN.value, "Admin"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView(SettingsView):
    """Everybody, and the form for one more."""

    people: Sequence[Person]
    roles: Sequence[tuple[str, str]]
    form: FormState
    min_password: int


class PersonForm(BaseModel):
    """Somebody new."""

    model_config = ConfigDict(extra="ignore")

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)
    role: Role


class RoleForm(BaseModel):
    """Another role for somebody."""

    model_config = ConfigDict(extra="ignore")

    role: Role


class NewPasswordForm(BaseModel):
    """Another password for somebody who forgot theirs."""

    model_config = ConfigDict(extra="ignore")

    password: str = Field(min_length=1, max_length=1024)


async def people_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/people."""
    return await _page(request, FormState(), 200)


async def add_person(request: web.Request) -> web.StreamResponse:
    """POST /settings/people."""
    show_refusals(request, _page)
    form = await read_form(request, PersonForm)
    note(request).target = form.username
    await device_of(request).accounts.add_person(form.username, form.password, form.role)
    return back_to(request, "/settings/people", "person-added")


async def change_role(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person_id}/role."""
    show_refusals(request, _page)
    form = await read_form(request, RoleForm)
    note(request).details = {"role": form.role.value}
    await device_of(request).accounts.change_role(path_number(request, "person_id"), form.role)
    return back_to(request, "/settings/people", "role-changed")


async def set_password(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person_id}/password."""
    show_refusals(request, _page)
    form = await read_form(request, NewPasswordForm)
    await device_of(request).accounts.change_password(path_number(request, "person_id"), form.password)
    return back_to(request, "/settings/people", "password-changed")


async def remove_person(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person_id}/remove."""
    show_refusals(request, _page)
    await device_of(request).accounts.remove_person(path_number(request, "person_id"))
    return back_to(request, "/settings/people", "person-removed")


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    view = PeopleView(
        title="People",
        place="people",
        places=places_for(request),
        people=await device_of(request).accounts.people(),
        roles=ROLES,
        form=state,
        min_password=MIN_PASSWORD,
    )
    return render(request, "settings/people.html", view, status)

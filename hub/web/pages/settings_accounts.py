"""The hub itself, for those who run it: its accounts and organisations, and its own audit log."""

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
from hub.people.accounts import AccountChange
from hub.people.types import Organisation, Person
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.pages.settings import SettingsView, surroundings

PAGE_OF = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsView(SettingsView):
    """Everybody who has an account, and the organisations this administrator belongs to."""

    people: Sequence[Person]
    after: str | None
    """What to ask for to go on; None at the end."""
    organisations: Sequence[Organisation]
    form: FormState
    min_password: int


class AdministratorForm(BaseModel):
    """Whether somebody runs the hub."""

    model_config = ConfigDict(extra="ignore")

    administrator: bool


class NewPasswordForm(BaseModel):
    """Another password for somebody who forgot theirs."""

    model_config = ConfigDict(extra="ignore")

    password: str = Field(min_length=1, max_length=1024)


class OrganisationForm(BaseModel):
    """A new organisation."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=200)


async def accounts_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/accounts; ``?after=`` a name turns the page."""
    return await _page(request, FormState(), 200)


async def add_organisation(request: web.Request) -> web.StreamResponse:
    """POST /settings/organisations: this administrator owns it."""
    show_refusals(request, _page)
    form = await read_form(request, OrganisationForm)
    note(request).target = form.name
    made = await hub_of(request).people.organisations.add(form.name, identity_of(request).person.id)
    audit_place(request).organisation_id = made.id
    return back_to(request, f"/settings/organisations/{made.id}/people", "organisation-added")


async def set_administrator(request: web.Request) -> web.StreamResponse:
    """POST /settings/accounts/{person_id}/administrator."""
    show_refusals(request, _page)
    form = await read_form(request, AdministratorForm)
    return await _change(request, AccountChange(administrator=form.administrator), "account-changed")


async def set_password(request: web.Request) -> web.StreamResponse:
    """POST /settings/accounts/{person_id}/password: their logins and tokens end."""
    show_refusals(request, _page)
    form = await read_form(request, NewPasswordForm)
    return await _change(request, AccountChange(password=form.password), "password-set")


async def remove_person(request: web.Request) -> web.StreamResponse:
    """POST /settings/accounts/{person_id}/remove."""
    show_refusals(request, _page)
    person = await hub_of(request).people.accounts.remove(path_number(request, "person_id"))
    note(request).target = person.name
    return back_to(request, "/settings/accounts", "person-removed")


async def _change(request: web.Request, wish: AccountChange, done: str) -> web.StreamResponse:
    person = await hub_of(request).people.accounts.change(path_number(request, "person_id"), wish)
    note(request).target = person.name
    if wish.administrator is not None:
        note(request).details["administrator"] = wish.administrator
    return back_to(request, "/settings/accounts", done)


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    after = request.query.get("after", "")[:64]
    found = await hub_of(request).people.accounts.page(after, PAGE_OF + 1)
    shown = found[:PAGE_OF]
    around = await surroundings(request)
    view = AccountsView(
        title="Hub",
        place="accounts",
        places=around.places,
        people=shown,
        after=shown[-1].name if len(found) > PAGE_OF else None,
        organisations=around.organisations,
        form=state,
        min_password=MIN_PASSWORD,
    )
    return render(request, "settings/accounts.html", view, status)

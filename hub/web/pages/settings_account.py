"""One's own account: the name, the roles, another password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.accounts.rules import MIN_PASSWORD
from foundation.web.context import note, source_of
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from hub.people.roles import Role
from hub.people.tokens import refuse_programs
from hub.people.types import Person
from hub.web.context import hub_of, identity_of
from hub.web.pages.settings import SettingsView, surroundings


@dataclass(frozen=True, slots=True)
class Held:
    """A role, and where it is held."""

    role: Role
    organisation: str
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView(SettingsView):
    """The person, their roles, and the form for another password."""

    person: Person
    roles: Sequence[Held]
    form: FormState
    min_password: int


class PasswordForm(BaseModel):
    """The password so far, and the next. Somebody who logs in at a provider has none so far."""

    model_config = ConfigDict(extra="ignore")

    old_password: str = Field("", max_length=1024)
    password: str = Field(min_length=1, max_length=1024)


async def account_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/account."""
    return await _page(request, FormState(), 200)


async def change_own_password(request: web.Request) -> web.StreamResponse:
    """POST /settings/account/password: every other login and token of one's own ends."""
    show_refusals(request, _page)
    form = await read_form(request, PasswordForm)
    identity = identity_of(request)
    refuse_programs(identity)
    note(request).target = identity.name
    await hub_of(request).people.logins.change_own_password(
        identity, form.old_password, form.password, source_of(request)
    )
    return back_to(request, "/settings/account", "password-changed")


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    around = await surroundings(request)
    view = AccountView(
        title="You",
        place="account",
        places=around.places,
        person=identity_of(request).person,
        roles=await _roles(request),
        form=state,
        min_password=MIN_PASSWORD,
    )
    return render(request, "settings/account.html", view, status)


async def _roles(request: web.Request) -> list[Held]:
    grants, organisations = identity_of(request).grants, hub_of(request).people.organisations
    names = {one.id: one.name for one in await organisations.seen(grants)}
    groups = {group.id: group.name for group in await organisations.groups(grants)}
    whole = [Held(role, names[number], None) for number, role in grants.organisations.items() if number in names]
    single = [
        Held(role, names[place.organisation_id], groups[place.group_id])
        for place, role in grants.places.items()
        if place.group_id in groups
    ]
    return sorted([*whole, *single], key=lambda held: (held.organisation, held.group or ""))

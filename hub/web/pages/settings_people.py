"""Who belongs to an organisation, with which role, and who is invited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from foundation.web.parsing import path_number
from hub.people.invitations import Guest
from hub.people.roles import Role
from hub.people.types import Group, Invitation, Member
from hub.web.api.organisations import INVITATION_PAGE, public_origin
from hub.web.context import hub_of, identity_of
from hub.web.pages.settings import OrganisationView, surroundings
from hub.web.security.scopes import ORGANISATION

ROLES = (
    (Role.VIEWER.value, "Viewer"),
    (Role.OPERATOR.value, "Operator"),
    (Role.OWNER.value, "Owner"),
)


@dataclass(frozen=True, slots=True)
class Membership:
    """One role of a person: in the whole organisation, or in the group that is named."""

    role: Role
    group_id: int | None
    group: str | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person, and their roles here."""

    id: int
    name: str
    roles: Sequence[Membership]


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An open invitation, and its group in words."""

    invitation: Invitation
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView(OrganisationView):
    """Everybody, the open invitations, the form for one more, and the link of the one just made."""

    people: Sequence[PersonRow]
    invitations: Sequence[InvitationRow]
    owner: bool
    roles: Sequence[tuple[str, str]]
    groups: Sequence[tuple[str, str]]
    form: FormState
    link: str | None = None


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


_GroupId = Annotated[int | None, BeforeValidator(_none_when_empty)]


class InvitationForm(BaseModel):
    """Somebody new. Without a group they are invited to the whole organisation."""

    model_config = ConfigDict(extra="ignore")

    username: str = Field(min_length=1, max_length=64)
    email: Annotated[str | None, BeforeValidator(_none_when_empty)] = Field(None, max_length=254)
    role: Role
    group_id: _GroupId = None


class RoleForm(BaseModel):
    """A role for a member, in the whole organisation or in one group."""

    model_config = ConfigDict(extra="ignore")

    role: Role
    group_id: _GroupId = None


class PlaceForm(BaseModel):
    """Where a role is taken away."""

    model_config = ConfigDict(extra="ignore")

    group_id: _GroupId = None


async def people_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/organisations/{organisation_id}/people."""
    return await _page(request, FormState(), 200)


async def invite(request: web.Request) -> web.StreamResponse:
    """POST …/invitations: answers with the page itself, because the link is shown this once."""
    show_refusals(request, _page)
    form = await read_form(request, InvitationForm)
    said = note(request)
    said.target = form.username
    said.details.update({"role": form.role.value, "group_id": form.group_id})
    _, secret = await hub_of(request).people.invitations.create(
        request[ORGANISATION].id,
        Guest(form.username, form.role, form.group_id, form.email),
        identity_of(request).name,
    )
    link = f"{public_origin(request)}{INVITATION_PAGE}#{secret}"
    return await _page(request, FormState(), 200, link)


async def withdraw(request: web.Request) -> web.StreamResponse:
    """POST …/invitations/{invitation_id}/withdraw."""
    show_refusals(request, _page)
    organisation = request[ORGANISATION]
    await hub_of(request).people.invitations.withdraw(organisation.id, path_number(request, "invitation_id"))
    return back_to(request, _address(organisation.id), "invitation-withdrawn")


async def put_role(request: web.Request) -> web.StreamResponse:
    """POST …/members/{person_id}/role."""
    show_refusals(request, _page)
    form = await read_form(request, RoleForm)
    organisation = request[ORGANISATION]
    member = await hub_of(request).people.organisations.put_member(
        path_number(request, "person_id"), organisation.id, form.group_id, form.role
    )
    note(request).target = member.person_name
    note(request).details.update({"role": form.role.value, "group_id": form.group_id})
    return back_to(request, _address(organisation.id), "role-changed")


async def remove_role(request: web.Request) -> web.StreamResponse:
    """POST …/members/{person_id}/remove."""
    show_refusals(request, _page)
    form = await read_form(request, PlaceForm)
    organisation, person_id = request[ORGANISATION], path_number(request, "person_id")
    note(request).details.update({"person_id": person_id, "group_id": form.group_id})
    await hub_of(request).people.organisations.remove_member(person_id, organisation.id, form.group_id)
    return back_to(request, _address(organisation.id), "role-removed")


def _address(organisation_id: int) -> str:
    return f"/settings/organisations/{organisation_id}/people"


async def _page(request: web.Request, state: FormState, status: int, link: str | None = None) -> web.StreamResponse:
    organisation, people = request[ORGANISATION], hub_of(request).people
    grants = identity_of(request).grants
    owner = grants.role_for(None, organisation.id) is Role.OWNER
    groups = await people.organisations.groups(grants, organisation.id)
    around = await surroundings(request, organisation)
    view = PeopleView(
        title="People",
        place="people",
        places=around.places,
        organisation=organisation,
        organisations=around.organisations,
        people=_people(await people.organisations.members(organisation.id), groups),
        invitations=_invitations(await people.invitations.open(organisation.id), groups) if owner else (),
        owner=owner,
        roles=ROLES,
        groups=[("", "The whole organisation"), *((str(group.id), f"Only {group.name}") for group in groups)],
        form=state,
        link=link,
    )
    return render(request, "settings/people.html", view, status)


def _people(members: Sequence[Member], groups: Sequence[Group]) -> list[PersonRow]:
    """Members of groups that the reader does not see are left out: what groups there are is not theirs to know."""
    names: dict[int | None, str | None] = {None: None, **{group.id: group.name for group in groups}}
    rows: dict[int, PersonRow] = {}
    roles: dict[int, list[Membership]] = {}
    for member in members:
        if member.group_id not in names:
            continue
        held = roles.setdefault(member.person_id, [])
        held.append(Membership(member.role, member.group_id, names[member.group_id]))
        rows.setdefault(member.person_id, PersonRow(member.person_id, member.person_name, held))
    return sorted(rows.values(), key=lambda row: row.name)


def _invitations(found: Sequence[Invitation], groups: Sequence[Group]) -> list[InvitationRow]:
    names = {group.id: group.name for group in groups}
    return [
        InvitationRow(one, None if one.group_id is None else names.get(one.group_id, "another group")) for one in found
    ]

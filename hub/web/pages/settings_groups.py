"""The groups of an organisation, and its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import render
from hub.people.roles import Role
from hub.people.types import Group, Organisation
from hub.web.context import hub_of, identity_of
from hub.web.pages.settings import OrganisationView, surroundings
from hub.web.security.scopes import GROUP, ORGANISATION
from protocol.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group, and what this person may do in it."""

    group: Group
    role: Role | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsView(OrganisationView):
    """The groups, and the forms for another one and another name."""

    groups: Sequence[GroupRow]
    owner: bool
    form: FormState


class NameForm(BaseModel):
    """A name for a group or an organisation."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=200)


async def groups_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/organisations/{organisation_id}/groups."""
    return await _page(request, FormState(), 200)


async def add_group(request: web.Request) -> web.StreamResponse:
    """POST /settings/organisations/{organisation_id}/groups."""
    show_refusals(request, _page)
    form = await read_form(request, NameForm)
    note(request).target = form.name
    organisation = request[ORGANISATION]
    await hub_of(request).people.organisations.add_group(organisation.id, form.name)
    return back_to(request, _address(organisation.id), "group-added")


async def rename_group(request: web.Request) -> web.StreamResponse:
    """POST /settings/groups/{group_id}/rename."""
    show_refusals(request, _page)
    form = await read_form(request, NameForm)
    group = request[GROUP]
    note(request).target = form.name
    note(request).details["from"] = group.name
    await hub_of(request).people.organisations.rename_group(group.id, form.name)
    return back_to(request, _address(group.organisation_id), "group-renamed")


async def remove_group(request: web.Request) -> web.StreamResponse:
    """POST /settings/groups/{group_id}/remove."""
    show_refusals(request, _page)
    group = request[GROUP]
    note(request).target = group.name
    await hub_of(request).people.organisations.remove_group(group)
    return back_to(request, _address(group.organisation_id), "group-removed")


async def rename_organisation(request: web.Request) -> web.StreamResponse:
    """POST /settings/organisations/{organisation_id}/rename."""
    show_refusals(request, _page)
    form = await read_form(request, NameForm)
    organisation = request[ORGANISATION]
    note(request).target = form.name
    note(request).details["from"] = organisation.name
    await hub_of(request).people.organisations.rename(organisation.id, form.name)
    return back_to(request, _address(organisation.id), "organisation-renamed")


def _address(organisation_id: int) -> str:
    return f"/settings/organisations/{organisation_id}/groups"


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    organisation, grants = await _organisation(request), identity_of(request).grants
    found = await hub_of(request).people.organisations.groups(grants, organisation.id)
    around = await surroundings(request, organisation)
    view = GroupsView(
        title="Groups",
        place="groups",
        places=around.places,
        organisation=organisation,
        organisations=around.organisations,
        groups=[GroupRow(group, grants.role_for(group.id, organisation.id)) for group in found],
        owner=grants.role_for(None, organisation.id) is Role.OWNER,
        form=state,
    )
    return render(request, "settings/groups.html", view, status)


async def _organisation(request: web.Request) -> Organisation:
    """The organisation of the page: the one of the path, or that of the group in the path."""
    named: Organisation | None = request.get(ORGANISATION)
    if named is not None:
        return named
    found = await hub_of(request).people.organisations.find(request[GROUP].organisation_id)
    if found is None:
        raise Problem(ProblemCode.NOT_FOUND, "This organisation is gone. Open the settings anew.")
    return found

"""Groups of devices, and who is a member of them alone."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, path_number
from hub.people.roles import Role
from hub.web.api.models.organisations import (
    GroupAnswer,
    GroupsAnswer,
    GroupsQuery,
    MemberAnswer,
    MembersAnswer,
    Membership,
    Named,
)
from hub.web.context import hub_of, identity_of
from hub.web.security.scopes import GROUP, ORGANISATION


async def list_groups(request: web.Request) -> web.Response:
    """The groups one has a role in."""
    query = parse_query(request, GroupsQuery)
    grants = identity_of(request).grants
    found = await hub_of(request).people.organisations.groups(grants, query.organisation_id)
    return answer(
        GroupsAnswer(groups=[GroupAnswer.of(one, grants.role_for(one.id, one.organisation_id)) for one in found])
    )


async def add_group(request: web.Request) -> web.Response:
    """Make a group in an organisation."""
    body = await parse_body(request, Named)
    note(request).target = body.name
    made = await hub_of(request).people.organisations.add_group(request[ORGANISATION].id, body.name)
    return answer(GroupAnswer.of(made, Role.OWNER), 201)


async def show_group(request: web.Request) -> web.Response:
    """One group."""
    found = request[GROUP]
    return answer(GroupAnswer.of(found, identity_of(request).grants.role_for(found.id, found.organisation_id)))


async def rename_group(request: web.Request) -> web.Response:
    """Give a group another name."""
    body = await parse_body(request, Named)
    note(request).details["name"] = body.name
    await hub_of(request).people.organisations.rename_group(request[GROUP].id, body.name)
    return nothing()


async def remove_group(request: web.Request) -> web.Response:
    """Remove a group in which no devices lie any more."""
    note(request).target = request[GROUP].name
    await hub_of(request).people.organisations.remove_group(request[GROUP])
    return nothing()


async def list_members(request: web.Request) -> web.Response:
    """Who has a role in this group, beside those who have one in the whole organisation."""
    group = request[GROUP]
    found = await hub_of(request).people.organisations.members(group.organisation_id, group.id)
    return answer(MembersAnswer(members=[MemberAnswer.of(member) for member in found]))


async def put_member(request: web.Request) -> web.Response:
    """Give a member of the organisation a role in this group."""
    body = await parse_body(request, Membership)
    note(request).details["role"] = body.role.value
    group = request[GROUP]
    member = await hub_of(request).people.organisations.put_member(
        path_number(request, "person_id"), group.organisation_id, group.id, body.role
    )
    note(request).target = member.person_name
    return answer(MemberAnswer.of(member))


async def remove_member(request: web.Request) -> web.Response:
    """Take a member's role in this group away."""
    group = request[GROUP]
    await hub_of(request).people.organisations.remove_member(
        path_number(request, "person_id"), group.organisation_id, group.id
    )
    return nothing()

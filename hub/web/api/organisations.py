"""Organisations, who is a member of them, and who is invited."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import CLIENT, note
from foundation.web.parsing import parse_body, path_number
from hub.people.invitations import Guest
from hub.people.roles import Role
from hub.people.tokens import refuse_programs
from hub.web.api.auth import logged_in
from hub.web.api.models.organisations import (
    Acceptance,
    InvitationAnswer,
    InvitationsAnswer,
    InvitationSecret,
    MemberAnswer,
    MembersAnswer,
    Membership,
    Named,
    NewInvitation,
    NewInvitationAnswer,
    OrganisationAnswer,
    OrganisationsAnswer,
)
from hub.web.context import audit_place, hub_of, identity_of
from hub.web.security.scopes import ORGANISATION

INVITATION_PAGE = "/invitation"
"""Where an invitation's link leads."""


async def list_organisations(request: web.Request) -> web.Response:
    """The organisations one has a role in, or in a group of theirs."""
    grants = identity_of(request).grants
    found = await hub_of(request).people.organisations.seen(grants)
    return answer(
        OrganisationsAnswer(organisations=[OrganisationAnswer.of(one, grants.role_for(None, one.id)) for one in found])
    )


async def add_organisation(request: web.Request) -> web.Response:
    """Make an organisation and own it; its first group is called Home."""
    body = await parse_body(request, Named)
    identity = identity_of(request)
    note(request).target = body.name
    made = await hub_of(request).people.organisations.add(body.name, identity.person.id)
    audit_place(request).organisation_id = made.id
    return answer(OrganisationAnswer.of(made, Role.OWNER), 201)


async def show_organisation(request: web.Request) -> web.Response:
    """One organisation."""
    found = request[ORGANISATION]
    return answer(OrganisationAnswer.of(found, identity_of(request).grants.role_for(None, found.id)))


async def rename_organisation(request: web.Request) -> web.Response:
    """Give an organisation another name."""
    body = await parse_body(request, Named)
    note(request).details["name"] = body.name
    await hub_of(request).people.organisations.rename(request[ORGANISATION].id, body.name)
    return nothing()


async def remove_organisation(request: web.Request) -> web.Response:
    """Remove an organisation that has no devices any more."""
    note(request).target = request[ORGANISATION].name
    await hub_of(request).people.organisations.remove(request[ORGANISATION].id)
    return nothing()


async def list_members(request: web.Request) -> web.Response:
    """Who has a role in the organisation, or in one of its groups."""
    found = await hub_of(request).people.organisations.members(request[ORGANISATION].id)
    return answer(MembersAnswer(members=[MemberAnswer.of(member) for member in found]))


async def put_member(request: web.Request) -> web.Response:
    """Give a member another role in the organisation as a whole."""
    body = await parse_body(request, Membership)
    note(request).details["role"] = body.role.value
    member = await hub_of(request).people.organisations.put_member(
        path_number(request, "person_id"), request[ORGANISATION].id, None, body.role
    )
    note(request).target = member.person_name
    return answer(MemberAnswer.of(member))


async def remove_member(request: web.Request) -> web.Response:
    """Take a member's role in the organisation as a whole away."""
    await hub_of(request).people.organisations.remove_member(
        path_number(request, "person_id"), request[ORGANISATION].id, None
    )
    return nothing()


async def list_invitations(request: web.Request) -> web.Response:
    """The invitations that nobody has accepted yet."""
    found = await hub_of(request).people.invitations.open(request[ORGANISATION].id)
    return answer(InvitationsAnswer(invitations=[InvitationAnswer.of(one) for one in found]))


async def invite(request: web.Request) -> web.Response:
    """Invite somebody; the link works once and for a day, and is answered this once."""
    body = await parse_body(request, NewInvitation)
    said = note(request)
    said.target = body.name
    said.details.update({"role": body.role.value, "group_id": body.group_id})
    guest = Guest(body.name, body.role, body.group_id, body.email)
    made, secret = await hub_of(request).people.invitations.create(
        request[ORGANISATION].id, guest, identity_of(request).name
    )
    link = f"{public_origin(request)}{INVITATION_PAGE}#{secret}"
    return answer(NewInvitationAnswer(invitation=InvitationAnswer.of(made), secret=secret, link=link), 201)


async def withdraw_invitation(request: web.Request) -> web.Response:
    """Make an invitation worthless."""
    await hub_of(request).people.invitations.withdraw(request[ORGANISATION].id, path_number(request, "invitation_id"))
    return nothing()


async def accept_invitation(request: web.Request) -> web.Response:
    """Make an account with the secret of an invitation's link, and log in."""
    body = await parse_body(request, Acceptance)
    identity, secret, invitation = await hub_of(request).people.invitations.accept(
        body.secret, body.username, body.password.get_secret_value()
    )
    audit_place(request).organisation_id = invitation.organisation_id
    return logged_in(request, identity, secret, 201)


async def join(request: web.Request) -> web.Response:
    """Become a member with the secret of an invitation's link, with the account one has."""
    body = await parse_body(request, InvitationSecret)
    identity = identity_of(request)
    refuse_programs(identity)
    note(request).target = identity.name
    member = await hub_of(request).people.invitations.join(body.secret, identity)
    audit_place(request).organisation_id = member.organisation_id
    return answer(MemberAnswer.of(member))


def public_origin(request: web.Request) -> str:
    """Where people reach this hub: the address of this request where that is a public one, else the first of those."""
    client = request[CLIENT]
    asked = f"{client.scheme}://{client.host}".lower()
    public = hub_of(request).settings.public_url
    return asked if not public or asked in public else public[0]

"""Organisations, groups, members and invitations."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.api import groups, organisations
from hub.web.api.models import organisations as models
from hub.web.api.models import people as people_models
from hub.web.security.scopes import ADMINISTRATION, HUB_SCOPE

SMALL: Final = 16 * 1024
"""Bytes of a body that holds a few fields."""

_ORGANISATIONS: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/organisations",
        organisations.list_organisations,
        Role.VIEWER,
        "List organisations",
        answer=models.OrganisationsAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/organisations",
        organisations.add_organisation,
        Role.OWNER,
        "Make an organisation",
        "organisation.add",
        body=models.Named,
        answer=models.OrganisationAnswer,
        status=201,
        max_body=SMALL,
        scope=ADMINISTRATION,
    ),
    Route(
        "GET",
        "/api/organisations/{organisation_id}",
        organisations.show_organisation,
        Role.VIEWER,
        "Show an organisation",
        answer=models.OrganisationAnswer,
        scope="organisation",
    ),
    Route(
        "PATCH",
        "/api/organisations/{organisation_id}",
        organisations.rename_organisation,
        Role.OWNER,
        "Rename an organisation",
        "organisation.rename",
        body=models.Named,
        status=204,
        max_body=SMALL,
        scope="organisation",
    ),
    Route(
        "DELETE",
        "/api/organisations/{organisation_id}",
        organisations.remove_organisation,
        Role.OWNER,
        "Remove an organisation",
        "organisation.remove",
        status=204,
        scope="organisation",
    ),
]

_MEMBERS: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/organisations/{organisation_id}/members",
        organisations.list_members,
        Role.VIEWER,
        "List members",
        answer=models.MembersAnswer,
        scope="organisation",
    ),
    Route(
        "PUT",
        "/api/organisations/{organisation_id}/members/{person_id}",
        organisations.put_member,
        Role.OWNER,
        "Give a member a role in the organisation",
        "member.put",
        body=models.Membership,
        answer=models.MemberAnswer,
        max_body=SMALL,
        scope="organisation",
    ),
    Route(
        "DELETE",
        "/api/organisations/{organisation_id}/members/{person_id}",
        organisations.remove_member,
        Role.OWNER,
        "Take a member's role in the organisation away",
        "member.remove",
        status=204,
        scope="organisation",
    ),
    Route(
        "GET",
        "/api/organisations/{organisation_id}/invitations",
        organisations.list_invitations,
        Role.OWNER,
        "List open invitations",
        answer=models.InvitationsAnswer,
        scope="organisation",
    ),
    Route(
        "POST",
        "/api/organisations/{organisation_id}/invitations",
        organisations.invite,
        Role.OWNER,
        "Invite somebody",
        "invitation.create",
        body=models.NewInvitation,
        answer=models.NewInvitationAnswer,
        status=201,
        max_body=SMALL,
        scope="organisation",
    ),
    Route(
        "DELETE",
        "/api/organisations/{organisation_id}/invitations/{invitation_id}",
        organisations.withdraw_invitation,
        Role.OWNER,
        "Withdraw an invitation",
        "invitation.withdraw",
        status=204,
        scope="organisation",
    ),
    Route(
        "POST",
        "/api/organisations/{organisation_id}/groups",
        groups.add_group,
        Role.OWNER,
        "Make a group",
        "group.add",
        body=models.Named,
        answer=models.GroupAnswer,
        status=201,
        max_body=SMALL,
        scope="organisation",
    ),
]

_INVITATIONS: Final[list[Route[Role]]] = [
    Route(
        "POST",
        "/api/invitations/accept",
        organisations.accept_invitation,
        None,
        "Accept an invitation with a new account",
        "invitation.accept",
        body=models.Acceptance,
        answer=people_models.LoginAnswer,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/invitations/join",
        organisations.join,
        Role.VIEWER,
        "Accept an invitation with the account one has",
        "invitation.join",
        body=models.InvitationSecret,
        answer=models.MemberAnswer,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
]

_GROUPS: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/groups",
        groups.list_groups,
        Role.VIEWER,
        "List groups",
        query=models.GroupsQuery,
        answer=models.GroupsAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/groups/{group_id}",
        groups.show_group,
        Role.VIEWER,
        "Show a group",
        answer=models.GroupAnswer,
        scope="group",
    ),
    Route(
        "PATCH",
        "/api/groups/{group_id}",
        groups.rename_group,
        Role.OWNER,
        "Rename a group",
        "group.rename",
        body=models.Named,
        status=204,
        max_body=SMALL,
        scope="group",
    ),
    Route(
        "DELETE",
        "/api/groups/{group_id}",
        groups.remove_group,
        Role.OWNER,
        "Remove a group",
        "group.remove",
        status=204,
        scope="group",
    ),
    Route(
        "GET",
        "/api/groups/{group_id}/members",
        groups.list_members,
        Role.VIEWER,
        "List the members of a group",
        answer=models.MembersAnswer,
        scope="group",
    ),
    Route(
        "PUT",
        "/api/groups/{group_id}/members/{person_id}",
        groups.put_member,
        Role.OWNER,
        "Give a member a role in the group",
        "member.put",
        body=models.Membership,
        answer=models.MemberAnswer,
        max_body=SMALL,
        scope="group",
    ),
    Route(
        "DELETE",
        "/api/groups/{group_id}/members/{person_id}",
        groups.remove_member,
        Role.OWNER,
        "Take a member's role in the group away",
        "member.remove",
        status=204,
        scope="group",
    ),
]

ORGANISATION_ROUTES: Final[list[Route[Role]]] = [*_ORGANISATIONS, *_MEMBERS, *_INVITATIONS, *_GROUPS]

"""Organisations, groups, members, invitations."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from foundation.web.models import Answer, Body, Number
from hub.people.roles import Role
from hub.people.types import Group, Invitation, Member, Organisation
from hub.web.api.models.people import Email, Password, PersonName, Title


class Named(Body):
    """A name for an organisation or a group."""

    name: Title


class OrganisationAnswer(Answer):
    """Whose devices they are."""

    id: int
    name: str
    created_at: datetime
    role: Role | None = Field(description="Yours in the organisation as a whole; null where you have single groups.")

    @classmethod
    def of(cls, organisation: Organisation, role: Role | None) -> OrganisationAnswer:
        """The answer that shows an organisation to somebody with this role in it."""
        return cls(id=organisation.id, name=organisation.name, created_at=organisation.created_at, role=role)


class OrganisationsAnswer(Answer):
    """The organisations one has a role in, by name."""

    organisations: list[OrganisationAnswer]


class GroupAnswer(Answer):
    """Some devices of an organisation."""

    id: int
    organisation_id: int
    name: str
    created_at: datetime
    role: Role | None = Field(description="Yours in this group.")

    @classmethod
    def of(cls, group: Group, role: Role | None) -> GroupAnswer:
        """The answer that shows a group to somebody with this role in it."""
        return cls(
            id=group.id, organisation_id=group.organisation_id, name=group.name, created_at=group.created_at, role=role
        )


class GroupsAnswer(Answer):
    """The groups one has a role in, by name."""

    groups: list[GroupAnswer]


class GroupsQuery(Body):
    """Whose groups."""

    organisation_id: Number | None = None


class MemberAnswer(Answer):
    """A person's role in an organisation, or in one group of it."""

    person_id: int
    person_name: str
    organisation_id: int
    group_id: int | None
    role: Role

    @classmethod
    def of(cls, member: Member) -> MemberAnswer:
        """The answer that shows a member."""
        return cls(
            person_id=member.person_id,
            person_name=member.person_name,
            organisation_id=member.organisation_id,
            group_id=member.group_id,
            role=member.role,
        )


class MembersAnswer(Answer):
    """Members, by name."""

    members: list[MemberAnswer]


class Membership(Body):
    """The role a member shall have."""

    role: Role


class NewInvitation(Body):
    """Somebody to be invited."""

    name: PersonName = Field(description="What they will be called; they may choose another name.")
    role: Role
    group_id: Number | None = Field(None, description="The one group they are invited to; all of them when left out.")
    email: Email | None = Field(
        None, description="Who logs in with this verified address at the OpenID provider joins."
    )


class InvitationAnswer(Answer):
    """An open invitation, without the secret of its link."""

    id: int
    organisation_id: int
    group_id: int | None
    role: Role
    name: str
    email: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> InvitationAnswer:
        """The answer that shows an invitation."""
        return cls(
            id=invitation.id,
            organisation_id=invitation.organisation_id,
            group_id=invitation.group_id,
            role=invitation.role,
            name=invitation.name,
            email=invitation.email,
            invited_by=invitation.invited_by,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )


class InvitationsAnswer(Answer):
    """Open invitations, newest first."""

    invitations: list[InvitationAnswer]


class NewInvitationAnswer(Answer):
    """A fresh invitation; its link is shown this once."""

    invitation: InvitationAnswer
    secret: str
    link: str = Field(
        description="What to send to the person; the secret stands behind the #, where no server sees it."
    )


class InvitationSecret(Body):
    """The secret of an invitation's link."""

    secret: str = Field(min_length=1, max_length=256)


class Acceptance(Body):
    """Somebody who was invited makes their account."""

    secret: str = Field(min_length=1, max_length=256)
    password: Password
    username: PersonName | None = Field(None, description="Another name than the invitation's.")

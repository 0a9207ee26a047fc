"""Who a request comes from, and where they may do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.people.grants import Grants
from hub.people.roles import Role

__all__ = [
    "Grants",
    "Group",
    "Identity",
    "Invitation",
    "Member",
    "Organisation",
    "Person",
    "Role",
    "Token",
    "TokenKind",
]

TokenKind = Literal["login", "api"]


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whose devices they are: a family, a company."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Some devices of an organisation; each device lies in exactly one."""

    id: int
    organisation_id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """An account on this hub. Times are aware UTC."""

    id: int
    name: str
    email: str | None
    administrator: bool
    """May make organisations and people; sees no device by that alone."""
    has_password: bool
    created_at: datetime
    last_login_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person's role in a whole organisation, or in one group of it."""

    person_id: int
    person_name: str
    organisation_id: int
    group_id: int | None
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """A secret somebody holds: a login in a browser or an API token. The secret itself is not kept."""

    id: int
    person_id: int
    person_name: str
    kind: TokenKind
    label: str
    role: Role | None
    """The most it may, whatever its person may; None for no such limit."""
    group_ids: frozenset[int] | None
    """The groups it is for; None for all that its person has."""
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody asked to join; the secret of its link is not kept."""

    id: int
    organisation_id: int
    group_id: int | None
    role: Role
    name: str
    email: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is behind a request: the person, the token they showed, and what the two together may do right now."""

    person: Person
    token: Token
    grants: Grants
    csrf: str
    """What forms and scripts of this login have to send back; derived from the secret, so it needs no table."""

    @property
    def name(self) -> str:
        """What the log and the pages call them."""
        return self.person.name

"""Setup, login, people, tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from foundation.web.models import Answer, Body, Line, Number
from hub.people.grants import Grants
from hub.people.roles import Role
from hub.people.types import Identity, Person, Token
from protocol.fields import Time

PersonName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
Email = Annotated[str, StringConstraints(max_length=254)]
"""The number of a row."""
Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""The name of an organisation or a group; 64 characters of it are kept."""


class Login(Body):
    """A name and its password."""

    username: PersonName
    password: Password
    label: Line = Field("", description="What this login is called in the list of tokens.")


class Setup(Body):
    """Makes the hub yours: the code it shows, who its first administrator will be, and whose devices they are."""

    code: str = Field(max_length=64)
    username: PersonName
    password: Password
    organisation: Title = Field("Home", description="The first organisation; its first group is called Home.")


class PasswordChange(Body):
    """Another password for oneself."""

    old: Password | None = Field(None, description="Left out by somebody who has none yet.")
    new: Password


class PersonAnswer(Answer):
    """An account on this hub."""

    id: int
    name: str
    email: str | None
    administrator: bool
    has_password: bool
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, person: Person) -> PersonAnswer:
        """The answer that shows a person."""
        return cls(
            id=person.id,
            name=person.name,
            email=person.email,
            administrator=person.administrator,
            has_password=person.has_password,
            created_at=person.created_at,
            last_login_at=person.last_login_at,
        )


class PeopleAnswer(Answer):
    """People by name."""

    people: list[PersonAnswer]
    next: str | None = Field(description="What to send as ?after= for the next page; null at the end.")


class PeopleQuery(Body):
    """Which page."""

    after: str = Field("", max_length=64)
    limit: int = Field(100, ge=1, le=200)


class LoginAnswer(Answer):
    """A fresh login. The same secret is in the cookie."""

    access_token: str = Field(description="For Authorization: Bearer.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (the word of RFC 6749)
    csrf_token: str = Field(description="For X-CSRF-Token on changes that the cookie authenticates.")
    user: PersonAnswer

    @classmethod
    def of(cls, identity: Identity, secret: str) -> LoginAnswer:
        """The answer to a login."""
        return cls(access_token=secret, csrf_token=identity.csrf, user=PersonAnswer.of(identity.person))


class GrantAnswer(Answer):
    """A role that this very request has, in an organisation or in one group of it."""

    organisation_id: int
    group_id: int | None
    role: Role


class TokenAnswer(Answer):
    """A login or an API token, without its secret."""

    id: int
    person_id: int
    person_name: str
    kind: Literal["login", "api"]
    label: str
    role: Role | None = Field(description="The most it may; null for all that its person may.")
    group_ids: list[int] | None = Field(description="The groups it is for; null for all that its person has.")
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    current: bool = Field(description="Whether this very request was made with it.")

    @classmethod
    def of(cls, token: Token, current: int) -> TokenAnswer:
        """The answer that shows a token; ``current`` is the number of the one that asks."""
        return cls(
            id=token.id,
            person_id=token.person_id,
            person_name=token.person_name,
            kind=token.kind,
            label=token.label,
            role=token.role,
            group_ids=None if token.group_ids is None else sorted(token.group_ids),
            created_at=token.created_at,
            last_used_at=token.last_used_at,
            expires_at=token.expires_at,
            current=token.id == current,
        )


class MeAnswer(Answer):
    """Who asks, and what they may do with this login or token."""

    user: PersonAnswer
    token: TokenAnswer
    administration: Role | None = Field(description="The role in running the hub itself.")
    grants: list[GrantAnswer]
    csrf_token: str

    @classmethod
    def of(cls, identity: Identity) -> MeAnswer:
        """The answer to the one who asks."""
        return cls(
            user=PersonAnswer.of(identity.person),
            token=TokenAnswer.of(identity.token, identity.token.id),
            administration=identity.grants.administration,
            grants=_grants(identity.grants),
            csrf_token=identity.csrf,
        )


class TokensAnswer(Answer):
    """Logins and API tokens."""

    tokens: list[TokenAnswer]


class TokensQuery(Body):
    """Whose tokens."""

    everyone: bool = Field(False, description="Those of all people; for administrators.")


class NewToken(Body):
    """An API token to be made."""

    label: Annotated[Line, Field(min_length=1)]
    expires_at: Time | None = None
    role: Role | None = Field(None, description="The most it shall be able to do.")
    group_ids: Annotated[list[Number], Field(min_length=1, max_length=100)] | None = Field(
        None, description="The groups it shall be for."
    )


class NewTokenAnswer(Answer):
    """A fresh API token; its secret is shown this once."""

    token: TokenAnswer
    secret: str


class NewPerson(Body):
    """An account to be made; it is a member of nothing yet."""

    username: PersonName
    password: Password
    email: Email | None = None
    administrator: bool = False


class PersonChange(Body):
    """What to change of a person; what is left out stays."""

    administrator: bool | None = None
    password: Password | None = None
    email: Email | None = Field(None, description="An empty text takes the address away.")


def _grants(grants: Grants) -> list[GrantAnswer]:
    whole = [
        GrantAnswer(organisation_id=number, group_id=None, role=role)
        for number, role in sorted(grants.organisations.items())
    ]
    single = [
        GrantAnswer(organisation_id=place.organisation_id, group_id=place.group_id, role=role)
        for place, role in sorted(grants.places.items(), key=lambda item: item[0].group_id)
    ]
    return [*whole, *single]

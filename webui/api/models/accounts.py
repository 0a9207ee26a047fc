"""Setup, login, people and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from foundation.web.models import Answer, Body, Line
from gateway.accounts.types import Identity, Person, Role, Token
from protocol.fields import Time

PersonName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class Login(Body):
    """A name and its password."""

    username: PersonName
    password: Password
    label: Line = Field("", description="What this login is called in the list of tokens.")


class Setup(Body):
    """Makes the device yours: the code it shows, and who the first admin will be."""

    code: str = Field(max_length=64)
    username: PersonName
    password: Password


class PersonAnswer(Answer):
    """An account on this device."""

    id: int
    name: str
    role: Role
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, person: Person) -> PersonAnswer:
        """The answer that shows a person."""
        return cls(
            id=person.id,
            name=person.name,
            role=person.role,
            created_at=person.created_at,
            last_login_at=person.last_login_at,
        )


class PeopleAnswer(Answer):
    """Everybody with an account."""

    people: list[PersonAnswer]


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


class TokenAnswer(Answer):
    """A login or an API token, without its secret."""

    id: int
    person_id: int
    person_name: str
    kind: Literal["login", "api"]
    label: str
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
            created_at=token.created_at,
            last_used_at=token.last_used_at,
            expires_at=token.expires_at,
            current=token.id == current,
        )


class MeAnswer(Answer):
    """Who asks."""

    user: PersonAnswer
    token: TokenAnswer
    csrf_token: str

    @classmethod
    def of(cls, identity: Identity) -> MeAnswer:
        """The answer to the one who asks."""
        return cls(
            user=PersonAnswer.of(identity.person),
            token=TokenAnswer.of(identity.token, identity.token.id),
            csrf_token=identity.csrf,
        )


class TokensAnswer(Answer):
    """Logins and API tokens."""

    tokens: list[TokenAnswer]


class TokensQuery(Body):
    """Whose tokens."""

    everyone: bool = Field(False, description="Those of all people; for admins.")


class NewToken(Body):
    """An API token to be made."""

    label: Annotated[Line, Field(min_length=1)]
    expires_at: Time | None = None


class NewTokenAnswer(Answer):
    """A fresh API token; its secret is shown this once."""

    token: TokenAnswer
    secret: str


class NewPerson(Body):
    """An account to be made."""

    username: PersonName
    password: Password
    role: Role


class PersonChange(Body):
    """What to change of a person; what is left out stays."""

    role: Role | None = None
    password: Password | None = None

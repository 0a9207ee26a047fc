"""Who a request comes from, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """Viewers look, operators work, admins decide who else may. Each may do what the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Whether this role includes another."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """An account on this device. Times are aware UTC."""

    id: int
    name: str
    role: Role
    created_at: datetime
    last_login_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A secret somebody holds: a login in a browser or an API token. The secret itself is not kept."""

    id: int
    person_id: int
    person_name: str
    kind: Literal["login", "api"]
    label: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is behind a request: the person and the token they showed."""

    person: Person
    token: Token
    csrf: str
    """What forms and scripts of this login have to send back; derived from the secret, so it needs no table."""

    @property
    def name(self) -> str:
        """Who it is, for logs and pages."""
        return self.person.name

"""What stands around the hub's pages: where one can go, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from foundation.web.pages.events_place import EVENTS_PLACE
from foundation.web.site import Frame, NavItem
from hub.people.grants import Grants
from hub.people.roles import Role, most
from hub.people.types import Identity
from hub.web.context import identity_or_none

PLACES: Final = (
    NavItem("fleet", "/", "Fleet", "devices"),
    NavItem("sessions", "/sessions", "Sessions", "terminal"),
    NavItem("alerts", "/alerts", "Alerts", "bell"),
    NavItem("rollouts", "/rollouts", "Rollouts", "rollout"),
    NavItem("settings", "/settings", "Settings", "settings"),
)


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at a page; ``who`` in the templates. What it says decides only what is shown, the gate what is done."""

    identity: Identity | None

    def may(self, role: str, organisation_id: int, group_id: int | None = None) -> bool:
        """Whether they have at least ``role`` in a group, or in the organisation as a whole."""
        held = None if self.identity is None else self.identity.grants.role_for(group_id, organisation_id)
        return held is not None and held.may(Role(role))

    def may_somewhere(self, role: str) -> bool:
        """Whether they have at least ``role`` anywhere."""
        held = None if self.identity is None else greatest_role(self.identity.grants)
        return held is not None and held.may(Role(role))

    @property
    def administrator(self) -> bool:
        """Whether they run the hub itself."""
        return self.identity is not None and self.identity.grants.administration is not None


def greatest_role(grants: Grants) -> Role | None:
    """The greatest role somebody has anywhere; None for somebody who is a member of nothing."""
    greatest: Role | None = None
    for held in (*grants.organisations.values(), *grants.places.values()):
        greatest = most(greatest, held)
    return greatest


def frame(request: web.Request) -> Frame:
    """The frame for whoever sent ``request``."""
    identity = identity_or_none(request)
    if identity is None:
        return Frame(names={"who": Looker(None)})
    role = greatest_role(identity.grants)
    words = "administrator" if role is None and identity.grants.administration else (role or "member of nothing yet")
    return Frame(nav=PLACES, role=str(words), names={"who": Looker(identity)}, events=request.get(EVENTS_PLACE, ""))

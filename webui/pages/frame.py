"""What stands around the device's pages: where one can go, and who is looking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from foundation.web.pages.events_place import EVENTS_PLACE
from foundation.web.site import Frame, NavItem
from gateway.accounts.types import Person, Role
from webui.context import identity_or_none

PLACES: Final = (
    NavItem("home", "/", "Home", "home"),
    NavItem("conversations", "/conversations", "Conversations", "chat"),
    NavItem("files", "/files", "Files", "files"),
    NavItem("settings", "/settings", "Settings", "settings"),
)


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at a page; ``who`` in the templates."""

    person: Person | None

    def may(self, role: str) -> bool:
        """Whether the person may do what ``role`` may."""
        return self.person is not None and self.person.role.may(Role(role))


def frame(request: web.Request) -> Frame:
    """The frame for whoever sent ``request``."""
    identity = identity_or_none(request)
    if identity is None:
        return Frame(names={"who": Looker(None)})
    person = identity.person
    place = request.get(EVENTS_PLACE, "")
    return Frame(nav=PLACES, role=person.role.value, names={"who": Looker(person)}, events=place)

"""The frame of the settings: which places there are for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from foundation.web.context import VISIT
from foundation.web.pages.notices import see
from foundation.web.pages.rendering import PageView
from gateway.accounts.types import Role
from webui.context import identity_of
from webui.security.hub_limits import is_shut


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the settings."""

    key: str
    name: str
    icon: str
    role: Role

    @property
    def address(self) -> str:
        """Where it is."""
        return f"/settings/{self.key}"


PLACES: Final[tuple[Place, ...]] = (
    Place("account", "You", "person", Role.VIEWER),
    Place("people", "People", "people", Role.ADMIN),
    Place("tokens", "Tokens", "token", Role.VIEWER),
    Place("agents", "Agents", "spark", Role.VIEWER),
    Place("notifications", "Notifications", "bell", Role.VIEWER),
    Place("keys", "SSH keys", "lock", Role.ADMIN),
    Place("hub", "Hub", "hub", Role.ADMIN),
    Place("updates", "Updates", "download", Role.VIEWER),
    Place("care", "Backup and reset", "disk", Role.ADMIN),
    Place("audit", "Audit log", "list", Role.ADMIN),
    Place("about", "About", "info", Role.VIEWER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView(PageView):
    """What every page of the settings has."""

    place: str
    places: tuple[Place, ...]
    nav: str = "settings"


def places_for(request: web.Request) -> tuple[Place, ...]:
    """The pages this person may open."""
    role = identity_of(request).person.role
    places = (place for place in PLACES if role.may(place.role))
    if request[VISIT] is not None:
        return tuple(place for place in places if not is_shut(place.address))
    return tuple(places)


async def settings_page(request: web.Request) -> web.StreamResponse:
    """GET /settings: the first of the pages this person may open."""
    return see(request, places_for(request)[0].address)

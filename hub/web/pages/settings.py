"""The frame of the settings: which places there are for whom, and of which organisation they tell."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from foundation.web.pages.notices import see
from foundation.web.pages.rendering import PageView
from hub.people.roles import Role
from hub.people.types import Organisation
from hub.web.context import hub_of, identity_of


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the settings."""

    key: str
    name: str
    icon: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView(PageView):
    """What every page of the settings has."""

    place: str
    places: tuple[Place, ...]
    nav: str = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationView(SettingsView):
    """What every page about an organisation has: which one, and the others there are."""

    organisation: Organisation
    organisations: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The places for one person, and the organisations they may know of."""

    places: tuple[Place, ...]
    organisations: tuple[Organisation, ...]


async def surroundings(request: web.Request, organisation: Organisation | None = None) -> Surroundings:
    """The places this person may open; those of ``organisation``, or of the first one they belong to."""
    identity = identity_of(request)
    organisations = tuple(await hub_of(request).people.organisations.seen(identity.grants))
    chosen = organisation or (organisations[0] if organisations else None)
    places = [
        Place("account", "You", "person", "/settings/account"),
        Place("tokens", "Tokens", "token", "/settings/tokens"),
    ]
    held = None if chosen is None else identity.grants.role_for(None, chosen.id)
    if chosen is not None and held is not None:
        places += _of_organisation(chosen, owner=held is Role.OWNER)
    if identity.grants.administration is not None:
        places.append(Place("accounts", "Hub", "hub", "/settings/accounts"))
    places.append(Place("about", "About", "info", "/settings/about"))
    return Surroundings(tuple(places), organisations)


def _of_organisation(chosen: Organisation, *, owner: bool) -> list[Place]:
    below = f"/settings/organisations/{chosen.id}"
    places = [
        Place("people", "People", "people", f"{below}/people"),
        Place("groups", "Groups", "group", f"{below}/groups"),
    ]
    if owner:
        places.append(Place("audit", "Audit log", "list", f"{below}/audit"))
    return places


async def settings_page(request: web.Request) -> web.StreamResponse:
    """GET /settings: the first of the pages."""
    return see(request, "/settings/account")

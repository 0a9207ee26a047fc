"""What the shared web has to know of a hub."""

from __future__ import annotations

from foundation.web.security.hosts import host_names
from foundation.web.site import Site
from hub.web.context import Hub
from hub.web.security.authority import HubAuthority
from hub.web.security.scopes import GroupScope, OrganisationScope, Scopes

COOKIE = "hutch_hub"
"""Not the device's: cookies do not know ports, and both may run on one host."""


def scopes_of_hub(hub: Hub) -> Scopes:
    """Every scope that the routes of ``hub`` may name."""
    organisations = hub.people.organisations
    return Scopes([OrganisationScope(organisations), GroupScope(organisations), *hub.resolvers])


def site_of_hub(hub: Hub) -> Site:
    """The site of ``hub``."""
    return Site(
        title="Hutch hub",
        noun="hub",
        name=hub.name,
        authority=HubAuthority(hub.people.logins, scopes_of_hub(hub), hub.audit),
        hosts=host_names(hub.name, hub.settings.public_hosts),
        trusted_proxies=hub.settings.trusted_proxies,
        secure_cookies=hub.settings.cookies_are_secure,
        cookie=COOKIE,
        theme_cookie="hutch_hub_theme",
        own_names=tuple(sorted(hub.settings.public_hosts)) or (hub.name,),
    )

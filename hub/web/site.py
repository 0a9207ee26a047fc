"""What the shared web has to know of a hub."""

from __future__ import annotations

from foundation.web.security.hosts import host_names
from foundation.web.site import Pages, Site
from hub.web.context import Hub
from hub.web.pages.frame import frame
from hub.web.pages.notices import NOTICES
from hub.web.security.authority import HubAuthority
from hub.web.security.scopes import GroupScope, OrganisationScope, Scopes
from protocol.problems import ProblemCode

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
        pages=Pages(
            package="hub",
            frame=frame,
            notices=NOTICES,
            fields={
                ProblemCode.SETUP_CODE_WRONG: "code",
                ProblemCode.CLAIM_WRONG: "code",
                ProblemCode.NAME_TAKEN: "name",
            },
            main="src/hub/main.ts",
            tokens="/settings/tokens",
            example="/api/devices",
        ),
        trusted_proxies=hub.settings.trusted_proxies,
        secure_cookies=hub.settings.cookies_are_secure,
        cookie=COOKIE,
        theme_cookie="hutch_hub_theme",
        own_names=tuple(sorted(hub.settings.public_hosts)) or (hub.name,),
    )

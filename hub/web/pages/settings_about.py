"""What this hub is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from foundation.web.pages.rendering import render
from hub.web.api.organisations import public_origin
from hub.web.context import hub_of
from hub.web.pages.settings import SettingsView, surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutView(SettingsView):
    """The facts."""

    version: str
    started_at: datetime
    addresses: Sequence[str]
    provider: str
    audit_days: int
    health_days: int


async def about_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/about."""
    hub = hub_of(request)
    around = await surroundings(request)
    view = AboutView(
        title="About",
        place="about",
        places=around.places,
        version=hub.version,
        started_at=hub.started_at,
        addresses=hub.settings.public_url or (public_origin(request),),
        provider=hub.settings.oidc_issuer or "",
        audit_days=hub.settings.audit_days,
        health_days=hub.settings.health_days,
    )
    return render(request, "settings/about.html", view)

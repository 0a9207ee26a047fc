"""What this device is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from foundation.web.pages.rendering import render
from gateway.host.types import SystemInfo
from webui.context import device_of
from webui.pages.settings import SettingsView, places_for


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutView(SettingsView):
    """The facts."""

    system: SystemInfo
    version: str
    gateway_id: str
    started_at: datetime
    workspace: str


async def about_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/about."""
    device = device_of(request)
    view = AboutView(
        title="About",
        place="about",
        places=places_for(request),
        system=await asyncio.to_thread(device.sampler.system_info),
        version=device.version,
        gateway_id=device.gateway_id,
        started_at=device.started_at,
        workspace=str(device.workspace.root),
    )
    return render(request, "settings/about.html", view)

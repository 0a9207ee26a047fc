"""Which agent CLIs are on this device, and installing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.agents.types import AgentStatus
from webui.api.agents import install_agent as begin_installation
from webui.context import device_of
from webui.pages.settings import SettingsView, places_for


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPartView(PageView):
    """The list alone."""

    agents: Sequence[AgentStatus]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsView(SettingsView):
    """The CLIs Hutch knows."""

    agents: Sequence[AgentStatus]


async def agents_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/agents."""
    agents = await device_of(request).agents.statuses()
    view = AgentsView(title="Agents", place="agents", places=places_for(request), agents=agents)
    return render(request, "settings/agents.html", view)


async def agents_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/agents."""
    agents = await device_of(request).agents.statuses()
    return render(request, "parts/agents.html", AgentsPartView(title="Agents", agents=agents))


async def install_agent(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/{name}/install: begins it; the page follows through events."""
    await begin_installation(request)
    return back_to(request, "/settings/agents", "install-started")

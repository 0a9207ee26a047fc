"""The agent CLIs."""

from __future__ import annotations

import asyncio
import shutil

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from gateway.agents.installer import Agents
from gateway.events.types import DeviceBus


def check(_settings: Settings, layout: Layout) -> Finding:
    """At least one is installed, or can be."""
    agents = Agents(layout.agents, DeviceBus(), built_in=layout.built_in_agents)
    statuses = asyncio.run(agents.statuses())
    installed = [f"{one.title} {one.version}" for one in statuses if one.installed]
    if installed:
        return Finding(Verdict.OK, ", ".join(installed))
    if shutil.which("npm") is None:
        return Finding(Verdict.WARN, "none is installed, and npm is missing. Install it with: apt install npm")
    return Finding(Verdict.WARN, "none is installed yet. Install one on the page under Settings, Agents.")

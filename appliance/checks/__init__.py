"""Checks of what a device needs: one file each, one table. ``hutch doctor`` runs them."""

from __future__ import annotations

from appliance.checks import account, agents, data, python, sessions, space, tmux
from appliance.checks.types import Check

CHECKS: tuple[Check, ...] = (
    Check("python", python.check),
    Check("tmux", tmux.check),
    Check("data folder", data.check),
    Check("disk space", space.check),
    Check("agents' account", account.check),
    Check("sessions", sessions.check),
    Check("agent CLIs", agents.check),
)

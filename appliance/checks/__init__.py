"""Checks of what a device needs: one file each, one table. ``hutch doctor`` and ``hutch boot-check`` run them."""

from __future__ import annotations

from appliance.checks import (
    account,
    agents,
    data,
    hub,
    memory,
    page,
    python,
    releases,
    session_start,
    sessions,
    space,
    store,
    tmux,
    units,
)
from appliance.checks.types import Check, Use

_BOTH = frozenset(Use)
_DOCTOR = frozenset({Use.DOCTOR})
_BOOT = frozenset({Use.BOOT})

CHECKS: tuple[Check, ...] = (
    Check("python", python.check, _DOCTOR),
    Check("tmux", tmux.check, _BOTH),
    Check("data folder", data.check, _BOTH),
    Check("disk space", space.check, _BOTH),
    Check("memory", memory.check, _BOTH),
    Check("units", units.check, _BOTH, seconds=90),
    Check("store", store.check, _DOCTOR),
    Check("store", store.check_after_start, _BOOT),
    Check("page", page.check, _BOOT, seconds=45),
    Check("agents' account", account.check, _DOCTOR),
    Check("sessions", sessions.check, _DOCTOR),
    Check("sessions", session_start.check, _BOOT, seconds=45),
    Check("hub", hub.check, _BOOT, seconds=100),
    Check("releases", releases.check, _DOCTOR),
    Check("agent CLIs", agents.check, _DOCTOR),
)


def checks_for(use: Use) -> tuple[Check, ...]:
    """The checks of one use, in the order in which they run."""
    return tuple(check for check in CHECKS if use in check.uses)

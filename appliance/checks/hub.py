"""The hub: reached again, where it was reached before the update."""

from __future__ import annotations

import time
from typing import Final

from pydantic import BaseModel

from appliance.checks.types import Finding, Verdict
from appliance.cli.console import ask
from appliance.config import Settings
from appliance.layout import Layout
from appliance.updates.state import StateFiles
from protocol.problems import Problem

_SECONDS: Final = 90.0
_PACE: Final = 1.0


class _Hub(BaseModel):
    state: str
    last_error: str | None = None


def check(settings: Settings, layout: Layout) -> Finding:
    """A new version that cuts the device off from its hub must not stay; one without a hub is not asked for one."""
    trial = StateFiles(layout.updates).read().trial
    if trial is None:
        return Finding(Verdict.SKIP, "no update is being tried")
    if not trial.hub_online:
        return Finding(Verdict.SKIP, "the hub was not reached before the update")
    return wait_for_hub(settings, _SECONDS)


def wait_for_hub(settings: Settings, seconds: float) -> Finding:
    """Give the link this long to come up."""
    until = time.monotonic() + seconds
    while True:
        try:
            hub = ask(settings, "GET", "/api/hub", _Hub)
        except Problem as problem:
            return Finding(Verdict.FAIL, problem.message)
        if hub.state in ("online", "off"):  # off: a person has left it meanwhile
            return Finding(Verdict.OK, "is reached again" if hub.state == "online" else "was left")
        if time.monotonic() > until:
            why = hub.last_error or hub.state
            return Finding(Verdict.FAIL, f"The hub was reached before the update, and is not any more: {why}")
        time.sleep(_PACE)

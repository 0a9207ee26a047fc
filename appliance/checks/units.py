"""The units of systemd, asked over D-Bus."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from appliance.updates.bus import Bus, Refused, Target, system_bus
from protocol.problems import Problem

RUNNING: Final = Path("/run/systemd/system")
"""There where systemd is the init (sd_booted(3))."""
NEEDED: Final = ("hutch.service", "hutch-agents.service", "NetworkManager.service", "systemd-networkd.service")
"""What a device is nothing without, where the machine has it."""
_MANAGER: Final = Target("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
_SECONDS: Final = 75.0
_PACE: Final = 1.0


def check(_settings: Settings, _layout: Layout) -> Finding:
    """What is needed is up, and nothing else failed."""
    if not RUNNING.exists():
        return Finding(Verdict.SKIP, "this machine is not run by systemd")
    try:
        return asyncio.run(_look(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")))
    except Refused as refused:
        return Finding(Verdict.SKIP, f"systemd does not answer: {refused.words}")
    except Problem as problem:
        return Finding(Verdict.SKIP, problem.message)


async def _look(address: str | None) -> Finding:
    async with system_bus(address) as bus:
        until = asyncio.get_running_loop().time() + _SECONDS
        while True:
            states = await _states(bus)
            starting = sorted(name for name in NEEDED if states.get(name) in ("activating", "reloading"))
            if not starting or asyncio.get_running_loop().time() > until:
                return judge(states)
            await asyncio.sleep(_PACE)


def judge(states: dict[str, str]) -> Finding:
    """What the active states of the loaded units mean."""
    down = sorted(name for name in NEEDED if states.get(name, "active") in ("failed", "activating"))
    if down:
        which = ", ".join(down)
        return Finding(Verdict.FAIL, f"{which} did not start. See why with: journalctl -b -u {down[0]}")
    failed = sorted(name for name, state in states.items() if state == "failed")
    if failed:
        return Finding(Verdict.WARN, f"{', '.join(failed[:5])} failed. See why with: journalctl -b -u {failed[0]}")
    return Finding(Verdict.OK, "all are up")


async def _states(bus: Bus) -> dict[str, str]:
    """Name to active state of every loaded unit (org.freedesktop.systemd1.Manager.ListUnits)."""
    (rows,) = await bus.call(_MANAGER, "ListUnits")
    return {str(row[0]): str(row[3]) for row in rows} if isinstance(rows, list) else {}

"""A factory reset: by root at the next start of the machine where that is set up, else by the daemon at its next."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Final

from appliance.care.pending import Pending, plan
from appliance.config import Settings
from appliance.layout import Layout
from foundation.files import remove_private, write_private
from protocol.problems import Problem, ProblemCode

DATA: Final = Path("/var/lib/hutch")
"""The data folder that root's program knows."""
MARKER: Final = "factory-reset-wanted"
"""In the data folder; root's program looks for it at each start, and removes it as its last act."""


def by_root(settings: Settings, layout: Layout) -> bool:
    """Whether root's program does factory resets here. Blocks."""
    return settings.factory_reset.is_file() and layout.data == DATA


def mark(layout: Layout, *, workspace: bool) -> None:
    """Have root do it at the next start of the machine. Blocks. Raises Problem."""
    write_private(layout.data / MARKER, b"workspace\n" if workspace else b"\n")


def unmark(layout: Layout) -> None:
    """Do not have it done. Blocks. Raises Problem."""
    remove_private(layout.data / MARKER)


def prepare(settings: Settings, layout: Layout, *, workspace: bool) -> bool:
    """Have it done at the next start; whether that of the machine is meant, and not the daemon's. Blocks.

    Raises:
        Problem: PERMISSION_DENIED where people's files belong to agents with an account of their own, and root does not
            help.
    """
    if by_root(settings, layout):
        mark(layout, workspace=workspace)
        return True
    if workspace and layout.agent_user is not None:
        message = f"The workspace belongs to {layout.agent_user.name}: empty it as that account, then reset without it."
        raise Problem(ProblemCode.PERMISSION_DENIED, message)
    if not layout.data.is_dir():
        raise Problem(ProblemCode.NOT_FOUND, f"There is no device in {layout.data}. Check --data.")
    plan(layout, Pending(what="reset", workspace=workspace))
    return False


async def reboot() -> None:
    """Have logind restart the machine. Raises Problem UNAVAILABLE."""
    # Loaded here: whoever resets nothing does without D-Bus.
    from appliance import logind
    from appliance.updates.bus import system_bus

    bus = partial(system_bus, os.environ.get("DBUS_SYSTEM_BUS_ADDRESS"))
    await logind.reboot(bus, "Nothing was changed; try again.")

"""The machine's restart, by systemd-logind over D-Bus (org.freedesktop.login1(5)); polkit lets the daemon do it."""

from __future__ import annotations

from typing import Final

from appliance.updates.bus import Connect, Refused, Target
from protocol.problems import Problem, ProblemCode

LOGIND: Final = Target("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


async def reboot(connect: Connect, advice: str) -> None:
    """Have logind restart the machine. Raises Problem UNAVAILABLE, with ``advice`` on what to do instead."""
    try:
        async with connect() as bus:
            await bus.call(LOGIND, "Reboot", "b", [False])
    except Refused as refused:
        words = refused.words or refused.name
        raise Problem(ProblemCode.UNAVAILABLE, f"The machine does not restart: {words}. {advice}") from None

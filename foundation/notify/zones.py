"""Time zones by name; the system keeps them in files, which are read in a thread."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from protocol.problems import Problem, ProblemCode


async def find_zone(name: str) -> ZoneInfo:
    """The zone of a name like ``Europe/Berlin``. Raises :class:`Problem` INVALID_REQUEST where there is none."""
    try:
        return await asyncio.to_thread(ZoneInfo, name)
    except (ValueError, OSError, KeyError):
        raise Problem(ProblemCode.INVALID_REQUEST, "Write the name of a time zone, e.g. Europe/Berlin.") from None

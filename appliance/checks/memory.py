"""Working memory."""

from __future__ import annotations

import psutil

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout

_LEAST = 48 * 1024**2
_WANTED = 256 * 1024**2


def check(_settings: Settings, _layout: Layout) -> Finding:
    """A session with an agent CLI takes 200 to 400 MB; the daemon itself 70 MB."""
    memory = psutil.virtual_memory()
    text = f"{memory.available / 1024**2:.0f} of {memory.total / 1024**2:.0f} MiB are free"
    if memory.available < _LEAST:
        return Finding(Verdict.FAIL, f"{text}: too little to work with. End sessions that are not needed.")
    if memory.available < _WANTED:
        return Finding(Verdict.WARN, f"{text}: an agent CLI may not fit. End sessions that are not needed.")
    return Finding(Verdict.OK, text)

"""Room on the disk."""

from __future__ import annotations

import psutil

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout

_LEAST = 200 * 1024**2
_WANTED = 1024**3


def check(_settings: Settings, layout: Layout) -> Finding:
    """Updates, agent CLIs and the store need room; an agent CLI takes about 400 MB."""
    folder = next(path for path in (layout.data, *layout.data.parents) if path.exists())
    free = psutil.disk_usage(str(folder)).free
    text = f"{free / 1024**3:.1f} GiB free at {folder}"
    if free < _LEAST:
        return Finding(Verdict.FAIL, f"{text}: too little to work with. Remove what is not needed.")
    if free < _WANTED:
        return Finding(Verdict.WARN, f"{text}: too little to install an agent CLI. Remove what is not needed.")
    return Finding(Verdict.OK, text)

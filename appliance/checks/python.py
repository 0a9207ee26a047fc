"""The interpreter."""

from __future__ import annotations

import platform
import sys

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout

_OLDEST, _BEYOND = (3, 11), (3, 14)


def check(_settings: Settings, _layout: Layout) -> Finding:
    """Python 3.11 to 3.13 is what Hutch is tested on."""
    found = platform.python_version()
    if _OLDEST <= sys.version_info < _BEYOND:
        return Finding(Verdict.OK, f"Python {found}")
    return Finding(Verdict.FAIL, f"Python {found} is not one of 3.11 to 3.13. Install one of these.")

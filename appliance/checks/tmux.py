"""tmux, which holds the sessions."""

from __future__ import annotations

import re
import shutil
import subprocess

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout

_OLDEST = (3, 3)


def check(_settings: Settings, _layout: Layout) -> Finding:
    """tmux 3.3 or newer."""
    program = shutil.which("tmux")
    if program is None:
        return Finding(Verdict.FAIL, "tmux is missing, so no session can start. Install it with: apt install tmux")
    said = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _OLDEST:
        return Finding(Verdict.WARN, f"{said or 'tmux of an unknown version'}: Hutch is tested from 3.3 on. Update it.")
    return Finding(Verdict.OK, said)

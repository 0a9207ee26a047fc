"""Whether a terminal can be started at all."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout


def check(_settings: Settings, _layout: Layout) -> Finding:
    """A tmux server starts, runs a program and ends."""
    with tempfile.TemporaryDirectory(prefix="hutch-") as folder:
        tmux = ["tmux", "-S", str(Path(folder) / "check.sock"), "-f", os.devnull]
        try:
            started = subprocess.run(
                [*tmux, "new-session", "-d", "sleep 30"], capture_output=True, text=True, timeout=10, check=False
            )
            subprocess.run([*tmux, "kill-server"], capture_output=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return Finding(Verdict.FAIL, f"tmux does not start: {error}. See what “tmux -V” says.")
    if started.returncode:
        return Finding(Verdict.FAIL, f"tmux does not start: {started.stderr.strip()}. See what “tmux -V” says.")
    return Finding(Verdict.OK, "a terminal starts and ends")

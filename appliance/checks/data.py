"""The data folder."""

from __future__ import annotations

import os
import tempfile

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from protocol.problems import Problem


def check(_settings: Settings, layout: Layout) -> Finding:
    """It can be made and written, and is private."""
    try:
        # As root, for a start: to look is enough, and what root makes the daemon could not use.
        if os.geteuid() or not layout.data.exists() or layout.data.stat().st_uid == 0:
            layout.prepare()
        with tempfile.TemporaryFile(dir=layout.data) as file:
            file.write(b"hutch")
            file.flush()
    except Problem as problem:
        return Finding(Verdict.FAIL, problem.message)
    except OSError as error:
        return Finding(
            Verdict.FAIL, f"{layout.data} cannot be written: {error.strerror}. Free space or mend its rights."
        )
    return Finding(Verdict.OK, str(layout.data))

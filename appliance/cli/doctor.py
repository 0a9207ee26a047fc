"""``hutch doctor``: check what the device needs."""

from __future__ import annotations

import argparse

from appliance.checks import CHECKS
from appliance.checks.types import Verdict
from appliance.config import Settings
from appliance.layout import Layout

_MARK = {Verdict.OK: "ok  ", Verdict.WARN: "warn", Verdict.FAIL: "FAIL"}


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Print a line for each check; 1 when one fails."""
    layout = Layout.of(settings)
    failed = False
    for check in CHECKS:
        finding = check.run(settings, layout)
        failed = failed or finding.verdict is Verdict.FAIL
        print(f"{_MARK[finding.verdict]}  {check.name}: {finding.text}")
    return 1 if failed else 0

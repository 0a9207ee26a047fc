"""``hutch doctor`` and ``hutch boot-check``: check what the device needs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from appliance.checks import checks_for
from appliance.checks.running import Ran, run_checks
from appliance.checks.types import Use, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from appliance.updates.state import boot_id
from appliance.updates.verdict import CheckResult, VerdictFile, write_verdict
from appliance.version import VERSION
from protocol.problems import Problem, ProblemCode

_MARK = {Verdict.OK: "ok  ", Verdict.WARN: "warn", Verdict.FAIL: "FAIL", Verdict.SKIP: "skip"}


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Print a line for each check; 1 when one fails."""
    return _end(_print(run_checks(checks_for(Use.DOCTOR), settings, Layout.of(settings))))


def boot_check(options: argparse.Namespace, settings: Settings) -> int:
    """Check a start, and write the verdict where it is asked for; 1 when one fails."""
    ran = run_checks(checks_for(Use.BOOT), settings, Layout.of(settings))
    if options.json is not None:
        _write(options.json, ran)
    return _end(_print(ran))


def verdict_of(ran: Sequence[Ran]) -> VerdictFile:
    """The verdict about this boot."""
    return VerdictFile(
        ok=all(one.finding.verdict is not Verdict.FAIL for one in ran),
        version=VERSION,
        boot_id=boot_id(),
        at=datetime.now(UTC),
        checks=tuple(
            CheckResult(
                name=one.check.name,
                verdict=one.finding.verdict.value,
                text=one.finding.text[:2000],
                seconds=one.seconds,
            )
            for one in ran
        ),
    )


def _write(path: Path, ran: Sequence[Ran]) -> None:
    try:
        write_verdict(path, verdict_of(ran))
    except OSError as error:
        raise Problem(
            ProblemCode.PERMISSION_DENIED, f"The verdict cannot be written to {path}: {error.strerror}."
        ) from None


def _print(ran: Sequence[Ran]) -> Sequence[Ran]:
    for one in ran:
        print(f"{_MARK[one.finding.verdict]}  {one.check.name}: {one.finding.text}")
    return ran


def _end(ran: Sequence[Ran]) -> int:
    code = 1 if any(one.finding.verdict is Verdict.FAIL for one in ran) else 0
    if any(one.hung for one in ran):
        sys.stdout.flush()
        os._exit(code)  # a thread that hangs would keep the interpreter from ending
    return code

"""Runs checks, none of them longer than it may: one that hangs counts as failed, and the next has its turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from appliance.checks.types import Check, Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from protocol.problems import Problem

DEADLINE: Final = 300.0
"""Seconds that all checks of a boot may take together."""
_NO_TIME: Final = Finding(Verdict.FAIL, "There was no time left for it: the checks before took too long.")


@dataclass(frozen=True, slots=True)
class Ran:
    """A check, what it found, and how long it took in seconds."""

    check: Check
    finding: Finding
    seconds: float
    hung: bool = False
    """It did not come to an end, and its thread is still there."""


def run_checks(
    checks: Iterable[Check],
    settings: Settings,
    layout: Layout,
    *,
    deadline: float = DEADLINE,
    clock: Callable[[], float] = time.monotonic,
) -> list[Ran]:
    """Run one after the other. A thread of a check that hangs is left behind: end the process with ``os._exit``."""
    until = clock() + deadline
    done = []
    for check in checks:
        began = clock()
        seconds = min(check.seconds, until - began)
        finding = _bounded(check, settings, layout, seconds) if seconds > 0 else _NO_TIME
        hung = finding is None
        finding = finding or Finding(Verdict.FAIL, f"It did not answer within {seconds:.0f} s.")
        done.append(Ran(check, finding, round(clock() - began, 3), hung))
    return done


def _bounded(check: Check, settings: Settings, layout: Layout, seconds: float) -> Finding | None:
    """What was found; None where it did not come to an end."""
    found: list[Finding] = []
    thread = threading.Thread(
        target=lambda: found.append(_one(check, settings, layout)), name=f"check {check.name}", daemon=True
    )
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def _one(check: Check, settings: Settings, layout: Layout) -> Finding:
    try:
        return check.run(settings, layout)
    except Problem as problem:
        return Finding(Verdict.FAIL, problem.message)
    except Exception as error:
        # Whatever it is, it is a finding: the checks after it still have to run.
        return Finding(Verdict.FAIL, f"The check itself failed: {type(error).__name__}: {error}"[:500])

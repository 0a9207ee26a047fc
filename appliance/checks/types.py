"""What a check says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from appliance.config import Settings
from appliance.layout import Layout


class Verdict(StrEnum):
    """``warn`` runs, but something is missing that a person will want."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what to do about it in the same sentence."""

    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a device needs."""

    name: str
    run: Callable[[Settings, Layout], Finding]

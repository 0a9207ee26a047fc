"""What a check is, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from appliance.config import Settings
from appliance.layout import Layout


class Verdict(StrEnum):
    """``warn`` runs, but something is missing that a person will want; ``skip`` could not be looked at here."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


class Use(StrEnum):
    """Where a check is used."""

    DOCTOR = "doctor"
    """``hutch doctor``, with or without a running device."""
    BOOT = "boot"
    """``hutch boot-check``, after a start: what fails here takes an update back."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what to do about it in the same sentence."""

    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a device needs. ``seconds``: how long it may take; it then counts as failed."""

    name: str
    run: Callable[[Settings, Layout], Finding]
    uses: frozenset[Use]
    seconds: float = 30.0

"""The table of rules: one small function each, from facts to findings, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from hub.fleet.alerts.types import Facts, Finding, Rule, Thresholds

DUPLICATE_LASTS: Final = timedelta(hours=24)
"""How long a key used twice is shown: nothing tells when the second machine is gone."""


def offline(facts: Facts, limits: Thresholds, _opened: frozenset[str]) -> Iterator[Finding]:
    """The device has been away for longer than its group allows."""
    if not facts.online and facts.now - facts.since >= timedelta(minutes=limits.offline_minutes):
        yield Finding("", f"The device is offline since {facts.since:%Y-%m-%d %H:%M} UTC.")


def disk(facts: Facts, limits: Thresholds, opened: frozenset[str]) -> Iterator[Finding]:
    """The disk is nearly full."""
    if facts.health is None:
        return
    limit = min(limits.disk_clear_percent, limits.disk_percent) if opened else limits.disk_percent
    if facts.health.disk_percent >= limit:
        yield Finding("", f"The disk is {facts.health.disk_percent:.0f} % full. Remove what is not needed.")


def heat(facts: Facts, limits: Thresholds, opened: frozenset[str]) -> Iterator[Finding]:
    """The processor is hot."""
    if facts.health is None or facts.health.temperature_celsius is None:
        return
    limit = min(limits.heat_clear_celsius, limits.heat_celsius) if opened else limits.heat_celsius
    if facts.health.temperature_celsius >= limit:
        yield Finding("", f"The processor is {facts.health.temperature_celsius:.0f} °C hot. Give it air or a fan.")


def throttled(facts: Facts, limits: Thresholds, opened: frozenset[str]) -> Iterator[Finding]:
    """Heat or weak power slows the device down."""
    since = facts.throttled_since
    if since is not None and (opened or facts.now - since >= timedelta(minutes=limits.throttled_minutes)):
        yield Finding("", "The device slows itself down. Check its power supply and its cooling.")


def agents_away(facts: Facts, _limits: Thresholds, _opened: frozenset[str]) -> Iterator[Finding]:
    """The account that agents work in cannot be reached."""
    if facts.health is not None and facts.health.agents_away:
        yield Finding(
            "", "The device cannot start agents: their account does not answer. Look at hutch-agents.service on it."
        )


def waiting(facts: Facts, limits: Thresholds, opened: frozenset[str]) -> Iterator[Finding]:
    """An agent waits for a person."""
    patience = timedelta(minutes=limits.waiting_minutes)
    for session in facts.sessions:
        # The hub may have seen it only since the device came back: what was raised before stays raised.
        long_enough = session.session_id in opened or facts.now - session.since >= patience
        if session.status == "waiting" and long_enough:
            yield Finding(session.session_id, f"{session.name} waits for a person. Open it and answer.")


def duplicate_key(facts: Facts, _limits: Thresholds, _opened: frozenset[str]) -> Iterator[Finding]:
    """Two machines use one key."""
    at = facts.duplicated_at
    if at is not None and facts.now - at < DUPLICATE_LASTS:
        yield Finding(
            "", "Two machines use this device's key. Find the copy, then rotate the key or revoke the device."
        )


def runaway(facts: Facts, _limits: Thresholds, _opened: frozenset[str]) -> Iterator[Finding]:
    """A session floods the hub with output."""
    for session_id in facts.runaway:
        yield Finding(session_id, "A session writes more than the hub passes on. Look what runs in it.")


ROLLOUT_HALTED: Final = "rollout_halted"
RULES: Final[tuple[Rule, ...]] = (
    Rule("offline", "critical", "A device is away for longer than its group allows", offline, "nothing"),
    Rule("disk", "warning", "A disk is nearly full", disk, "health"),
    Rule("heat", "warning", "A processor is hot", heat, "health"),
    Rule("throttled", "warning", "Heat or weak power slows a device down", throttled, "health"),
    Rule("agents_away", "warning", "A device cannot start agents", agents_away, "health"),
    Rule("waiting", "warning", "An agent waits for a person", waiting, "health"),
    Rule("duplicate_key", "critical", "Two machines use one device's key", duplicate_key),
    Rule("runaway", "warning", "A session floods the hub with output", runaway),
    Rule(ROLLOUT_HALTED, "critical", "A rollout halted by itself", None),
)
"""Every rule. docs/fleet.md describes each; a test compares the two."""
BY_NAME: Final = {rule.name: rule for rule in RULES}

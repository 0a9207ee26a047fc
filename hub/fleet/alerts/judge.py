"""From facts and what is open to what has to be raised and cleared. No I/O, no clock of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hub.fleet.alerts.rules import RULES
from hub.fleet.alerts.types import Clear, Facts, Key, Raise, Rule, Step, Thresholds


def judge(facts: Facts, limits: Thresholds, opened: Collection[Key]) -> list[Step]:
    """What changes for one device, given the alerts that are open for it.

    An alert is raised once: what is open already is not raised again. A device that is away keeps what was raised
    while it was there, because nobody knows; one that is back is no longer away.
    """
    steps: list[Step] = []
    for rule in RULES:
        if facts.online or not rule.online:
            steps += _of_rule(rule, facts, limits, {subject for name, subject in opened if name == rule.name})
    return steps


def _of_rule(rule: Rule, facts: Facts, limits: Thresholds, opened: set[str]) -> Iterator[Step]:
    found = {finding.subject: finding for finding in _look(rule, facts, limits, bool(opened))}
    for subject in opened - found.keys():
        yield Clear(rule.name, subject)
    for subject, finding in found.items():
        if subject not in opened:
            yield Raise(rule.name, subject, rule.severity, finding.text)


def _look(rule: Rule, facts: Facts, limits: Thresholds, raised: bool) -> list:
    if limits.enabled is not None and rule.name not in limits.enabled:
        return []
    return list(rule.look(facts, limits, raised))

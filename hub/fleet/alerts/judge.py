"""From facts and what is open to what has to be raised and cleared. No I/O, no clock of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hub.fleet.alerts.rules import RULES
from hub.fleet.alerts.types import Clear, Facts, Finding, Key, Look, Raise, Rule, Step, Thresholds


def judge(facts: Facts, limits: Thresholds, opened: Collection[Key]) -> list[Step]:
    """What changes for one device, given the alerts that are open for it.

    An alert is raised once: what is open already is not raised again. A device that is away keeps what was raised
    while it was there, because nobody knows better.
    """
    steps: list[Step] = []
    for rule in RULES:
        if rule.look is not None and _can_look(rule, facts):
            subjects = frozenset(subject for name, subject in opened if name == rule.name)
            steps += _of_rule(rule, rule.look, facts, limits, subjects)
    return steps


def _can_look(rule: Rule, facts: Facts) -> bool:
    match rule.needs:
        case "nothing":
            return True
        case "link":
            return facts.online
        case "health":
            return facts.online and facts.health is not None


def _of_rule(rule: Rule, look: Look, facts: Facts, limits: Thresholds, opened: frozenset[str]) -> Iterator[Step]:
    wanted = limits.enabled is None or rule.name in limits.enabled
    found: dict[str, Finding] = {one.subject: one for one in look(facts, limits, opened)} if wanted else {}
    for subject in sorted(opened - found.keys()):
        yield Clear(rule.name, subject)
    for subject, finding in found.items():
        if subject not in opened:
            yield Raise(rule.name, subject, rule.severity, finding.text)

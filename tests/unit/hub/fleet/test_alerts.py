from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fleet.alerts.judge import judge
from hub.fleet.alerts.rules import BY_NAME, RULES
from hub.fleet.alerts.types import Clear, Facts, Key, Raise, Thresholds
from tests.unit.hub.fleet.examples import GIB, NOW, facts, health_view, later, session_view

LIMITS = Thresholds()


def raised(what: Facts, opened: frozenset[Key] = frozenset(), limits: Thresholds = LIMITS) -> set[Key]:
    """Which alerts are open after a look."""
    now = set(opened)
    for step in judge(what, limits, opened):
        match step:
            case Raise(rule=rule, subject=subject):
                assert (rule, subject) not in now, "raised twice"
                now.add((rule, subject))
            case Clear(rule=rule, subject=subject):
                now.remove((rule, subject))
    return now


def disk(percent: float) -> Facts:
    return facts(health=health_view(disk_used_bytes=int(percent * GIB), disk_total_bytes=100 * GIB))


CASES: list[tuple[str, Facts, set[Key]]] = [
    ("well", facts(), set()),
    ("away for a moment", facts(later(599), online=False), set()),
    ("away", facts(later(600), online=False), {("offline", "")}),
    ("nearly full", disk(90), {("disk", "")}),
    ("not so full", disk(89.9), set()),
    ("hot", facts(health=health_view(temperature_celsius=80.0)), {("heat", "")}),
    ("warm", facts(health=health_view(temperature_celsius=79.9)), set()),
    ("no sensor", facts(health=health_view(temperature_celsius=None)), set()),
    ("slow for a moment", facts(later(119), throttled_since=NOW), set()),
    ("slow", facts(later(120), throttled_since=NOW), {("throttled", "")}),
    ("no agents", facts(health=health_view(agents_away=True)), {("agents_away", "")}),
    ("agents again", facts(health=health_view(agents_away=False)), set()),
    ("copied", facts(duplicated_at=NOW), {("duplicate_key", "")}),
    ("copied long ago", facts(later(24 * 3600), duplicated_at=NOW), set()),
    ("flooding", facts(runaway=("s1", "s2")), {("runaway", "s1"), ("runaway", "s2")}),
    ("waits", facts(later(600), sessions=(session_view("s1", "waiting"), session_view("s2"))), {("waiting", "s1")}),
    ("waits since just now", facts(later(599), sessions=(session_view("s1", "waiting"),)), set()),
]


@pytest.mark.parametrize(("what", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rules(what: Facts, expected: set[Key]) -> None:
    assert raised(what) == expected


def test_every_rule_that_looks_is_seen_to_raise() -> None:
    seen = {rule for _, _, expected in CASES for rule, _ in expected}
    assert seen == {rule.name for rule in RULES if rule.look is not None}
    assert len(BY_NAME) == len(RULES)


def test_a_raised_alert_stays_until_it_is_clearly_over() -> None:
    opened = frozenset({("disk", "")})
    assert raised(disk(85), opened) == {("disk", "")}
    assert raised(disk(84.9), opened) == set()


def test_a_device_that_is_away_keeps_what_was_raised_and_one_that_is_back_is_not_away() -> None:
    opened: frozenset[Key] = frozenset({("offline", ""), ("disk", ""), ("waiting", "s1")})
    assert raised(facts(later(9999), online=False, health=None), opened) == opened
    assert raised(facts(later(9999), health=None), opened) == {("disk", ""), ("waiting", "s1")}


def test_what_waited_before_the_hub_started_anew_is_not_raised_again_nor_cleared() -> None:
    opened = frozenset({("waiting", "s1")})
    assert raised(facts(later(1), sessions=(session_view("s1", "waiting", since=NOW),)), opened) == opened
    assert raised(facts(later(1), sessions=(session_view("s1", "working", since=NOW),)), opened) == set()


def test_a_rule_that_a_group_does_not_want_raises_nothing_and_clears_what_is_open() -> None:
    limits = Thresholds(enabled=("heat",))
    assert raised(disk(99), limits=limits) == set()
    assert raised(disk(99), frozenset({("disk", "")}), limits) == set()


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(10, 100), st.floats(0, 100))
def test_an_alert_about_a_disk_flaps_only_across_the_whole_gap(shares: list[float], high: float, low: float) -> None:
    limits = Thresholds(disk_percent=high, disk_clear_percent=low)
    opened: frozenset[Key] = frozenset()
    last: float | None = None
    for percent in shares:
        what = disk(percent)
        assert what.health is not None
        share = what.health.disk_percent
        now = frozenset(raised(what, opened, limits))
        if now > opened:
            assert share >= high
            assert last is None or last < min(high, low) or low >= high
        if now < opened:
            assert share < min(high, low)
        if now != opened:
            last = share
        opened = now


times = st.integers(0, 4000)
happenings: Any = st.tuples(times, st.booleans(), st.floats(0, 120), st.sampled_from(["idle", "waiting", "working"]))


@given(st.lists(happenings, max_size=40))
def test_looking_twice_at_the_same_facts_changes_nothing(steps: list[tuple[int, bool, float, str]]) -> None:
    opened: frozenset[Key] = frozenset()
    for seconds, online, celsius, status in steps:
        what = facts(
            later(seconds),
            online=online,
            health=health_view(temperature_celsius=celsius),
            sessions=(session_view("s1", status),),
        )
        opened = frozenset(raised(what, opened))
        assert judge(what, LIMITS, opened) == []

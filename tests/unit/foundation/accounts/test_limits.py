from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.accounts.limits import FORGET, MAX_ENTRIES, PER_NAME, PER_SOURCE, GuessLimits, source_key
from protocol.problems import Problem, ProblemCode


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> GuessLimits:
    return GuessLimits(clock)


def wait(limits: GuessLimits, source: str = "192.0.2.1", name: str = "ann") -> int:
    """How long an attempt has to wait; one that need not is made and fails."""
    try:
        limits.attempt(source, name)
    except Problem as refused:
        problem = refused
    else:
        return 0
    seconds = problem.details["retry_after"]
    assert problem.code is ProblemCode.RATE_LIMITED
    assert isinstance(seconds, int)
    assert f"Wait {seconds} second" in problem.message
    return seconds


def test_the_delay_of_a_source_doubles_up_to_its_longest(limits: GuessLimits, clock: Clock) -> None:
    names = (f"name{n}" for n in range(1000))
    delays = []
    for _ in range(PER_SOURCE.free + 14):
        delay = wait(limits, name=next(names))
        delays.append(delay)
        clock.now += delay
        if delay:
            assert wait(limits, name=next(names)) == 0
    assert delays[: PER_SOURCE.free] == [0] * PER_SOURCE.free
    assert delays[PER_SOURCE.free :] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_a_name_is_slowed_down_from_everywhere_but_never_for_long(limits: GuessLimits, clock: Clock) -> None:
    for n in range(PER_NAME.free):
        assert wait(limits, source=f"192.0.2.{n}") == 0
    assert wait(limits, source="198.51.100.1") == 1
    for n in range(40):
        clock.now += PER_NAME.longest
        assert wait(limits, source=f"203.0.113.{n}") == 0
        assert wait(limits, source="198.51.100.2") <= PER_NAME.longest
    assert wait(limits, source="198.51.100.2", name="bob") == 0


def test_waiting_does_not_count(limits: GuessLimits, clock: Clock) -> None:
    for _ in range(PER_SOURCE.free):
        wait(limits)
    assert [wait(limits) for _ in range(20)] == [1] * 20
    clock.now += 0.4
    assert wait(limits) == 1
    clock.now += 0.6
    assert wait(limits) == 0


def test_failures_are_forgotten(limits: GuessLimits, clock: Clock) -> None:
    for _ in range(PER_SOURCE.free):
        wait(limits)
    clock.now += FORGET + 1
    assert [wait(limits) for _ in range(PER_SOURCE.free + 1)] == [0] * PER_SOURCE.free + [1]


def test_success_frees_the_name_but_not_the_other_failures_of_the_source(limits: GuessLimits) -> None:
    for _ in range(PER_SOURCE.free - 1):
        wait(limits, name="victim")
        limits.attempt("192.0.2.1", "mallory").succeeded()
    wait(limits, name="victim")
    assert wait(limits, name="victim") == 1
    assert wait(limits, source="192.0.2.2", name="mallory") == 0


def test_success_after_success_costs_nothing(limits: GuessLimits) -> None:
    for _ in range(100):
        limits.attempt("192.0.2.1", "ann").succeeded()
    assert not limits._entries


def test_memory_is_bounded(limits: GuessLimits) -> None:
    for n in range(MAX_ENTRIES * 2):
        wait(limits, source=f"source {n}", name=f"name {n}")
    assert len(limits._entries) == MAX_ENTRIES


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:0:1", True),
        ("2001:db8::1", "2001:DB8:0:0::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("2001:db8::1%x", "2001:db8::2%y", True),
        ("console", "console", True),
        ("console", "hub", False),
    ],
)
def test_what_is_one_source(one: str, two: str, same: bool) -> None:
    assert (source_key(one) == source_key(two)) == same


@given(st.text(max_size=200))
def test_any_text_is_a_source(text: str) -> None:
    assert len(source_key(text)) <= 64

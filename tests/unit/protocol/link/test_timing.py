"""Backoff and pings."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.link.backoff import Backoff
from protocol.link.keepalive import Keepalive


def test_waits_double_up_to_thirty_seconds() -> None:
    least, most = Backoff(lambda: 0.0), Backoff(lambda: 1.0)
    assert [least.next() for _ in range(8)] == [1, 1, 2, 4, 8, 15, 15, 15]
    assert [most.next() for _ in range(8)] == [1.5, 3, 6, 12, 24, 30, 30, 30]
    least.reset()
    assert least.next() == 1
    least.longest()
    assert least.next() == 15


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=2000))
@settings(deadline=None)
def test_no_wait_is_shorter_than_one_second_or_longer_than_thirty(chances: list[float]) -> None:
    chance = iter(chances)
    backoff = Backoff(lambda: next(chance))
    assert all(1 <= backoff.next() <= 30 for _ in chances)


def test_two_unanswered_pings_mean_death() -> None:
    keepalive = Keepalive(0)
    assert keepalive.deadline == 20
    assert keepalive.tick(19.9) is None
    assert keepalive.tick(20) == b"1"
    assert keepalive.deadline == 35
    assert keepalive.tick(35) is None
    assert not keepalive.dead
    assert keepalive.tick(40) == b"2"
    assert not keepalive.dead
    assert keepalive.tick(55) is None
    assert keepalive.dead


def test_other_intervals_keep_the_proportion() -> None:
    keepalive = Keepalive(0, every=4)
    assert keepalive.tick(4) == b"1"
    assert keepalive.deadline == 7
    keepalive.tick(8)
    keepalive.tick(11)
    assert keepalive.dead


def test_a_pong_in_time_or_late_shows_life() -> None:
    keepalive = Keepalive(0)
    keepalive.tick(20)
    keepalive.pong(b"1")
    assert keepalive.deadline == 40
    keepalive.tick(40)
    keepalive.tick(55)
    keepalive.pong(b"2")
    keepalive.tick(60)
    keepalive.tick(75)
    assert not keepalive.dead


def test_a_foreign_pong_shows_nothing() -> None:
    keepalive = Keepalive(0)
    keepalive.tick(20)
    for payload in (b"", b"0", b"2", b"x", b"9" * 50, "¹".encode(), b"\xb2"):
        keepalive.pong(payload)
    assert keepalive.deadline == 35


def test_a_clock_that_leaps_sends_one_ping_and_not_a_burst() -> None:
    keepalive = Keepalive(0)
    assert keepalive.tick(10_000) == b"1"
    assert keepalive.tick(10_000) is None
    assert keepalive.deadline == 10_015

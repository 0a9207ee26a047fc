"""The one timer of all deadlines."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from hub.routing.wheel import AT_ONCE, SLOT, Due, Wheel
from tests.unit.hub.routing.rig import FakeAlarm, FakeTime


class Recorded(Due):
    __slots__ = ("again", "at", "wheel")

    def __init__(self, wheel: Wheel) -> None:
        super().__init__()
        self.wheel = wheel
        self.at: list[float] = []
        self.again: float | None = None

    def due(self, now: float) -> None:
        self.at.append(now)
        if self.again is not None:
            self.wheel.schedule(self, self.again)


def wheel_at(time: FakeTime) -> Wheel:
    return Wheel(time.now, time.call_at)


def test_calls_in_time_and_never_early() -> None:
    time = FakeTime()
    wheel = wheel_at(time)
    deadlines = [time.time + 0.01 * number for number in range(1, 500)]
    found = [Recorded(wheel) for _ in deadlines]
    for item, deadline in zip(found, deadlines, strict=True):
        wheel.schedule(item, deadline)
    time.pass_by(10)
    for item, deadline in zip(found, deadlines, strict=True):
        (at,) = item.at
        assert deadline <= at <= deadline + SLOT + 1e-6


def test_one_alarm_for_all() -> None:
    time = FakeTime()
    wheel = wheel_at(time)
    for number in range(1000):
        wheel.schedule(Recorded(wheel), time.time + 1000 - number)
    assert len([alarm for alarm in time.alarms if not alarm.cancelled]) == 1


def test_moves_to_earlier_and_stays_for_later() -> None:
    time = FakeTime()
    wheel = wheel_at(time)
    item = Recorded(wheel)
    wheel.schedule(item, time.time + 10)
    wheel.schedule(item, time.time + 1)
    wheel.schedule(item, time.time + 5)
    time.pass_by(20)
    assert [round(at - 1000) for at in item.at] == [1]


def test_may_be_scheduled_again_while_called() -> None:
    time = FakeTime()
    wheel = wheel_at(time)
    item = Recorded(wheel)
    item.again = time.time + 2
    wheel.schedule(item, time.time + 1)
    time.pass_by(1.5)
    item.again = None
    time.pass_by(5)
    assert [round(at - 1000) for at in item.at] == [1, 2]


def test_one_that_fails_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Due):
        __slots__ = ()

        def due(self, now: float) -> None:
            raise ValueError("on purpose")

    time = FakeTime()
    wheel = wheel_at(time)
    item = Recorded(wheel)
    wheel.schedule(Broken(), time.time + 1)
    wheel.schedule(item, time.time + 1)
    with caplog.at_level(logging.ERROR):
        time.pass_by(2)
    assert len(item.at) == 1
    assert "on purpose" in caplog.text


def test_stopped_calls_nothing() -> None:
    time = FakeTime()
    wheel = wheel_at(time)
    item = Recorded(wheel)
    wheel.schedule(item, time.time + 1)
    wheel.stop()
    time.pass_by(5)
    assert item.at == []


def test_much_at_once_lets_others_in_between() -> None:
    time = FakeTime()
    wheel = wheel_at(time)
    found = [Recorded(wheel) for _ in range(3 * AT_ONCE + 1)]
    for item in found:
        wheel.schedule(item, time.time + 1)
    called: list[int] = []

    def called_so_far() -> int:
        return sum(bool(item.at) for item in found)

    def call_at(when: float, call: Callable[[], None]) -> FakeAlarm:
        called.append(called_so_far())
        return FakeTime.call_at(time, when, call)

    wheel._call_at = call_at
    time.pass_by(1 + SLOT)
    assert called == [AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE], "each time the loop had its turn"
    assert [len(item.at) for item in found] == [1] * len(found)

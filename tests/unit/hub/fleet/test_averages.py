from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fleet.averages import STEP_SECONDS, Averager, step_of
from tests.unit.hub.fleet.examples import GIB, NOW, health_view, later


def test_five_minutes_become_one_sample_when_the_next_five_begin() -> None:
    averager = Averager()
    assert averager.add("d", health_view(later(1), cpu_percent=10.0, temperature_celsius=40.0)) is None
    assert averager.add("d", health_view(later(31), cpu_percent=30.0, temperature_celsius=60.0, throttled=True)) is None
    sample = averager.add("d", health_view(later(301), cpu_percent=90.0))
    assert sample is not None
    assert (sample.device_id, sample.at) == ("d", NOW)
    assert (sample.cpu_percent, sample.ram_percent, sample.disk_percent) == (20.0, 25.0, 10.0)
    assert (sample.temperature_celsius, sample.throttled) == (60.0, True)
    rest = averager.finish("d")
    assert rest is not None
    assert (rest.at, rest.cpu_percent, rest.throttled) == (later(300), 90.0, False)
    assert averager.finish("d") is None


def test_what_a_device_does_not_say_is_not_made_up() -> None:
    averager = Averager()
    averager.add("d", health_view(temperature_celsius=None, throttled=None, disk_total_bytes=0, disk_used_bytes=GIB))
    sample = averager.finish("d")
    assert sample is not None
    assert (sample.temperature_celsius, sample.throttled, sample.disk_percent) == (None, False, 0.0)


def test_a_clock_that_goes_back_adds_to_the_step_that_is_open() -> None:
    averager = Averager()
    averager.add("d", health_view(later(301), cpu_percent=0.0))
    assert averager.add("d", health_view(later(1), cpu_percent=50.0)) is None
    sample = averager.finish("d")
    assert sample is not None
    assert (sample.at, sample.cpu_percent) == (later(300), 25.0)


@given(st.lists(st.tuples(st.integers(0, 90), st.floats(0, 100)), min_size=1, max_size=200))
def test_every_measurement_is_in_exactly_one_sample(steps: list[tuple[int, float]]) -> None:
    averager, seconds, samples, taken = Averager(), 0, [], []
    for pause, cpu in steps:
        seconds += pause
        taken.append((step_of(later(seconds)), cpu))
        samples.append(averager.add("d", health_view(later(seconds), cpu_percent=cpu)))
    told = {one.at: one.cpu_percent for one in [*samples, averager.finish("d")] if one is not None}
    assert set(told) == {step for step, _ in taken}
    for step, average in told.items():
        values = [cpu for at, cpu in taken if at == step]
        assert average == pytest.approx(sum(values) / len(values), abs=0.06)
        assert step.timestamp() % STEP_SECONDS == 0

"""The charts of a device's health over hours, days and weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hub.fleet.averages import Sample
from hub.fleet.devices import DeviceView
from hub.fleet.types import HealthView
from hub.web.pages.health import RANGES, range_of, tiles_of
from hub.web.pages.meters import meters_of

GIB = 2**30
NOW = datetime.now(UTC)
HEALTH = HealthView(NOW, 97.2, 4 * GIB, 8 * GIB, 60 * GIB, 64 * GIB, 7200, 61.4, False)
DEVICE = DeviceView(
    id="pi",
    organisation_id=1,
    group_id=1,
    name="pi",
    state="active",
    created_at=NOW,
    claimed_by="anna",
    online=True,
    since=NOW,
    last_seen_at=NOW,
    version="1.0",
    hostname="pi",
    model=None,
    os="Debian",
    arch="aarch64",
    cpus=4,
    features=(),
    allows=None,
    rollback=None,
    health=HEALTH,
    sessions=0,
    waiting=0,
    working=0,
)


def samples(span: timedelta, count: int) -> list[Sample]:
    step = span / count
    return [Sample("pi", NOW - span + step * (index + 1), 10.0, 20.0, 30.0, None, False) for index in range(count)]


def test_evenly_picked_samples_are_joined_in_every_range() -> None:
    for one in RANGES:
        picked = samples(one.span.length, 280)
        [processor, *_] = tiles_of(DEVICE, picked, one.span)
        assert processor.chart is not None, one.key
        assert processor.chart.curve.count("M") == 1, one.key
        assert one.span.words in processor.chart.summary


def test_a_night_without_power_is_a_gap() -> None:
    day = range_of("24h").span
    kept = [one for one in samples(day.length, 288) if not timedelta(hours=2) < NOW - one.at < timedelta(hours=9)]
    [processor, *_] = tiles_of(DEVICE, kept, day)
    assert processor.chart is not None
    assert processor.chart.curve.count("M") == 2


def test_what_is_worrying_says_so() -> None:
    levels = {tile.name: tile.level for tile in tiles_of(DEVICE, [], range_of("nonsense").span)}
    assert levels == {"Processor": "bad", "Memory": "", "Disk": "warn", "Temperature": ""}
    assert [meter.level for meter in meters_of(DEVICE)] == ["bad", "", "warn", ""]


def test_a_device_without_thermometer_says_how_long_it_is_up() -> None:
    cool = replace(DEVICE, health=replace(HEALTH, temperature_celsius=None))
    assert tiles_of(cool, [], RANGES[0].span)[-1].name == "Up for"


def test_old_values_are_no_glance_at_how_a_device_is() -> None:
    assert meters_of(replace(DEVICE, online=False)) == []
    assert tiles_of(replace(DEVICE, health=None), [], RANGES[0].span) == []

"""The charts of the last hour and the tiles they stand on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from foundation.web.pages.charts import HEIGHT, WIDTH, Scale, draw
from foundation.web.pages.tiles import tiles_of
from gateway.host.types import Health

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LOAD = Scale[Health]("Load", lambda sample: sample.cpu_percent, 0, 100, lambda value: f"{value:.0f} %")


def sample(minutes_ago: float, cpu: float, heat: float | None = None, *, throttled: bool | None = None) -> Health:
    return Health(
        at=NOW - timedelta(minutes=minutes_ago),
        cpu_percent=cpu,
        ram_used_bytes=96,
        ram_total_bytes=100,
        disk_used_bytes=10,
        disk_total_bytes=100,
        uptime_seconds=7200,
        temperature_celsius=heat,
        throttled=throttled,
    )


def test_a_chart_spans_the_hour_and_says_itself_in_words() -> None:
    chart = draw([sample(60, 0), sample(58, 50), sample(0, 100)], LOAD, NOW)
    assert chart is not None
    assert chart.curve.startswith(f"M0.0 {HEIGHT - 1:.1f} L8.0")
    assert chart.curve.endswith(f"M{WIDTH:.1f} 2.0")
    assert json.loads(chart.points)[-1] == [WIDTH, "100 % at 12:00 UTC"]
    assert chart.summary == "Load over the last hour: now 100 %, lowest 0 %, highest 100 %."


def test_a_pause_is_not_drawn_as_a_line() -> None:
    chart = draw([sample(40, 10), sample(39, 10), sample(10, 10), sample(9, 10)], LOAD, NOW)
    assert chart is not None
    assert chart.curve.count("M") == 2
    assert chart.area.count("Z") == 2


def test_values_outside_the_scale_stay_inside_the_picture() -> None:
    chart = draw([sample(2, -50), sample(1, 400)], LOAD, NOW)
    assert chart is not None
    heights = [float(point.split()[1]) for point in chart.curve.lstrip("M").split(" L")]
    assert all(0 <= height <= HEIGHT for height in heights)


def test_too_little_or_too_old_is_no_chart() -> None:
    assert draw([], LOAD, NOW) is None
    assert draw([sample(1, 5)], LOAD, NOW) is None
    assert draw([sample(90, 5), sample(61, 5), sample(1, 5)], LOAD, NOW) is None


def test_tiles_warn_by_level_and_name_the_reason() -> None:
    cool = tiles_of(sample(0, 12, 45.0), [], 4, NOW)
    assert [tile.level for tile in cool] == ["", "bad", "", ""]
    assert cool[3].value == "45 °C"
    hot = tiles_of(sample(0, 90, 60.0, throttled=True), [], 4, NOW)
    assert hot[0].level == "warn"
    assert (hot[3].level, hot[3].detail) == ("bad", "held back: heat or low voltage")
    without = tiles_of(sample(0, 1), [], 1, NOW)
    assert (without[0].detail, without[3].name) == ("1 core", "Up for")

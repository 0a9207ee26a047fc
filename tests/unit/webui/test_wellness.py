from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.host.types import Health
from webui.wellness import judge

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
WELL = Health(NOW, 5.0, 30, 100, 40, 100, 3600, 50.0, throttled=False)


def test_a_device_without_a_sign_is_healthy() -> None:
    assert judge((), WELL, NOW).status == "healthy"
    assert judge((), None, NOW).status == "healthy"


@pytest.mark.parametrize(
    ("health", "status", "reason"),
    [
        (replace(WELL, disk_used_bytes=90), "degraded", "disk_nearly_full"),
        (replace(WELL, disk_used_bytes=99), "unhealthy", "disk_full"),
        (replace(WELL, ram_used_bytes=95), "degraded", "memory_nearly_full"),
        (replace(WELL, temperature_celsius=80.0), "degraded", "hot"),
        (replace(WELL, temperature_celsius=85.0), "unhealthy", "too_hot"),
        (replace(WELL, throttled=True), "degraded", "throttled"),
        (replace(WELL, at=NOW - timedelta(minutes=6)), "degraded", "health_stale"),
    ],
)
def test_each_sign_has_its_word(health: Health, status: str, reason: str) -> None:
    found = judge((), health, NOW)
    assert (found.status, found.reasons) == (status, (reason,))


def test_an_account_of_agents_that_is_away_is_said_so() -> None:
    away = judge((), WELL, NOW, agents_away=True)
    assert (away.status, away.reasons) == ("degraded", ("agents_account_away",))


def test_what_the_start_found_is_said_so() -> None:
    found = judge((), WELL, NOW, notes=("settings_refused",))
    assert (found.status, found.reasons) == ("degraded", ("settings_refused",))


def test_what_does_not_work_at_all_is_unhealthy() -> None:
    assert judge(("tmux_missing",), WELL, NOW).status == "unhealthy"

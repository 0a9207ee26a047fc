from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone

import pytest

from appliance.updates.window import AGAIN_AFTER, Scheduler, is_inside
from gateway.updates.preferences import DEFAULT_WINDOW, Preferences, Window
from gateway.updates.types import Automatic, Release, Rollback, UpdatePhase, UpdateState
from protocol.problems import Problem, ProblemCode

ZONE = timezone(timedelta(hours=1))
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=ZONE)
NIGHT = datetime(2026, 11, 21, 4, 30, tzinfo=ZONE)
CHANNEL = "https://updates.example/stable.json"


def _release(version: str) -> Release:
    return Release(version, f"https://updates.example/{version}", "0" * 64)


@dataclass
class Memory:
    """An updater that remembers what it was asked for."""

    offers: Release | None = None
    phase: UpdatePhase = UpdatePhase.IDLE
    rollback: Rollback | None = None
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    async def check(self) -> Release | None:
        self.asked.append("check")
        if self.fails:
            raise Problem(ProblemCode.UNAVAILABLE, "The channel cannot be read.")
        return self.offers

    async def install(self, url: str, sha256: str, version: str, *, downgrade: bool = False) -> str:
        assert not downgrade
        self.asked.append(f"install {version}")
        self.phase = UpdatePhase.INSTALLED
        return version

    async def restart(self) -> None:
        self.asked.append("restart")
        self.phase = UpdatePhase.RESTARTING

    def state(self) -> UpdateState:
        return UpdateState(self.phase)

    def last_rollback(self) -> Rollback | None:
        return self.rollback


class Rig:
    """A scheduler with a clock that is set by hand."""

    def __init__(self, updater: Memory, automatic: Automatic = "patch", channel: str | None = CHANNEL) -> None:
        self.now = NIGHT
        self.preferences = Preferences(automatic, DEFAULT_WINDOW, channel)
        self.updater = updater

        async def preferences() -> Preferences:
            return self.preferences

        self.scheduler = Scheduler(updater, preferences, running="1.2.3", seed="device", now=lambda: self.now)


async def test_a_patch_is_installed_in_the_window_and_started() -> None:
    updater = Memory(_release("1.2.4"))
    await Rig(updater).scheduler.tick()
    assert updater.asked == ["check", "install 1.2.4", "restart"]


@pytest.mark.parametrize("version", ["1.3.0", "2.0.0", "1.2.4-rc.1"])
async def test_nothing_but_a_patch_comes_by_itself(version: str) -> None:
    updater = Memory(_release(version))
    await Rig(updater).scheduler.tick()
    assert updater.asked == ["check"]


async def test_nothing_is_installed_outside_of_the_window_or_when_it_is_off() -> None:
    updater = Memory(_release("1.2.4"))
    rig = Rig(updater)
    rig.now = NOON
    await rig.scheduler.tick()
    off = Rig(Memory(_release("1.2.4")), "off")
    await off.scheduler.tick()
    assert updater.asked == off.updater.asked == ["check"]


async def test_the_channel_is_asked_once_a_day_and_not_once_a_minute() -> None:
    updater = Memory()
    rig = Rig(updater, "off")
    for minutes in (0, 1, 60, 23 * 60, 24 * 60 + 1):
        rig.now = NOON + timedelta(minutes=minutes)
        await rig.scheduler.tick()
    assert updater.asked == ["check", "check"]


async def test_a_version_that_was_taken_back_does_not_come_again_by_itself() -> None:
    updater = Memory(_release("1.2.4"), rollback=Rollback("1.2.4", "Its page did not answer.", NOON))
    await Rig(updater).scheduler.tick()
    assert updater.asked == ["check"]
    updater.offers = _release("1.2.5")
    await Rig(updater).scheduler.tick()
    assert updater.asked == ["check", "check", "install 1.2.5", "restart"]


async def test_what_a_person_installed_is_started_in_the_window() -> None:
    updater = Memory(phase=UpdatePhase.INSTALLED)
    rig = Rig(updater, "off", None)
    rig.now = NOON
    await rig.scheduler.tick()
    assert updater.asked == []
    rig.now = NIGHT
    await rig.scheduler.tick()
    assert updater.asked == ["restart"]


async def test_a_clock_that_was_never_set_begins_nothing() -> None:
    updater = Memory(_release("1.2.4"), phase=UpdatePhase.INSTALLED)
    rig = Rig(updater)
    rig.now = NIGHT.replace(year=1970)
    await rig.scheduler.tick()
    assert updater.asked == []


@pytest.mark.parametrize("phase", [UpdatePhase.DOWNLOADING, UpdatePhase.TRYING, UpdatePhase.RESTARTING])
async def test_what_goes_on_is_left_alone(phase: UpdatePhase) -> None:
    updater = Memory(_release("1.2.4"), phase=phase)
    await Rig(updater).scheduler.tick()
    assert updater.asked == []


async def test_what_fails_is_tried_again_after_a_rest() -> None:
    updater = Memory(_release("1.2.4"), fails=True)
    rig = Rig(updater)
    minutes = 0

    async def pause(_seconds: float) -> None:
        nonlocal minutes
        minutes += 1
        rig.now += timedelta(minutes=1)
        if minutes > AGAIN_AFTER.total_seconds() / 60 + 1:
            raise StopAsyncIteration

    rig.scheduler = Scheduler(
        updater, rig.scheduler._preferences, running="1.2.3", seed="device", now=lambda: rig.now, pause=pause
    )
    with pytest.raises((StopAsyncIteration, RuntimeError)):
        await rig.scheduler.run()
    assert updater.asked == ["check", "check"]


def test_devices_do_not_all_begin_in_the_same_minute() -> None:
    first = []
    for number in range(200):
        minute = next(
            minute
            for minute in range(120)
            if is_inside(DEFAULT_WINDOW, datetime(2026, 1, 1, 3 + minute // 60, minute % 60), f"device-{number}")
        )
        first.append(minute)
    assert min(first) < 10
    assert max(first) > 50
    assert max(first) <= 60
    assert len(set(first)) > 40


@pytest.mark.parametrize(
    ("text", "moment", "inside"),
    [
        ("03:00-05:00", time(3, 0), True),
        ("03:00-05:00", time(4, 59), True),
        ("03:00-05:00", time(5, 0), False),
        ("23:30-01:00", time(23, 45), True),
        ("23:30-01:00", time(0, 59), True),
        ("23:30-01:00", time(12, 0), False),
        ("00:00-23:59", time(12, 0), True),
    ],
)
def test_a_window_may_reach_over_midnight(text: str, moment: time, inside: bool) -> None:
    assert (Window.parse(text).since(moment) is not None) is inside
    assert str(Window.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "3-5", "03:00", "24:00-01:00", "03:60-04:00", "03:00-03:00", "03:00-05:00x", "nights"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        Window.parse(text)

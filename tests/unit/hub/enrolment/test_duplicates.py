from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.enrolment.duplicates import Duplicates, FlappingRules
from hub.ports import DeviceRow
from protocol.close_codes import CloseCode
from protocol.problems import Problem
from tests.unit.hub.enrolment.rig import AWAY, HOME, Clock

DEVICE = DeviceRow("hutch-a", 1, 1, "shed")


class Street:
    """Machines that call with one key."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, tuple[str, ...]]] = []
        self.duplicates = Duplicates(
            lambda device, sources: self.told.append((device.id, sources)), clock=self.clock.monotonic
        )

    def comes(self, source: str, *, replaces: bool, after: float = 5) -> int | None:
        """Seconds it is told to wait, None when it is let in."""
        self.clock.seconds += after
        problem = None
        try:
            self.duplicates.arrived(DEVICE, source, replaces=replaces)
        except Problem as raised:
            problem = raised
        if problem is None:
            return None
        assert problem.details["close"] == CloseCode.DUPLICATE_KEY
        wait = problem.details["retry_after"]
        assert isinstance(wait, int)
        return wait


def test_a_device_that_moves_house_is_no_alarm() -> None:
    street = Street()
    assert street.comes(HOME, replaces=False) is None
    assert street.comes(AWAY, replaces=True) is None
    assert street.comes(AWAY, replaces=True) is None
    assert street.told == []


def test_a_device_that_flaps_without_a_live_socket_is_no_alarm() -> None:
    street = Street()
    for _ in range(50):
        assert street.comes(HOME, replaces=False, after=1) is None
        assert street.comes(AWAY, replaces=False, after=1) is None
    assert street.told == []


def test_two_places_that_throw_each_other_out_are_told_once_and_the_newest_stays() -> None:
    street = Street()
    street.comes(HOME, replaces=False)
    street.comes(AWAY, replaces=True)
    assert street.comes(HOME, replaces=True) is None
    assert street.told == [(DEVICE.id, (AWAY, HOME))]
    assert street.comes(AWAY, replaces=True, after=10) == 20
    assert street.comes(AWAY, replaces=True, after=19) == 1
    assert len(street.told) == 1


def test_the_hold_grows_while_it_goes_on() -> None:
    street = Street()
    waits = []
    source = HOME
    street.comes(source, replaces=False)
    for _ in range(200):
        source = AWAY if source == HOME else HOME
        wait = street.comes(source, replaces=True, after=2)
        if wait is not None:
            waits.append(wait)
    assert max(waits) > 200
    assert max(waits) <= 300
    assert len(street.told) == 1, "one alarm, not one for each change"


def test_two_copies_behind_one_router_are_seen_by_how_often_they_replace_each_other() -> None:
    street = Street()
    answers = [street.comes(HOME, replaces=True) for _ in range(7)]
    assert street.told == [(DEVICE.id, (HOME,))]
    assert answers[-1] is not None


def test_a_device_whose_socket_is_gone_comes_in_at_once() -> None:
    street = Street()
    for source in (HOME, AWAY, HOME):
        street.comes(source, replaces=True)
    assert street.comes(AWAY, replaces=True, after=1) is not None
    assert street.comes(HOME, replaces=False, after=1) is None


def test_after_a_quiet_hour_it_is_told_again() -> None:
    street = Street()
    for source in (HOME, AWAY, HOME):
        street.comes(source, replaces=True)
    street.comes(AWAY, replaces=True, after=3700)
    street.comes(HOME, replaces=True)
    assert len(street.told) == 1
    street.comes(AWAY, replaces=True)
    assert len(street.told) == 2


ARRIVALS = st.lists(
    st.tuples(st.sampled_from([HOME, AWAY, "203.0.113.9"]), st.booleans(), st.floats(0, 400)), max_size=60
)


@given(ARRIVALS)
def test_whatever_the_order_nobody_waits_long_nor_without_a_reason(arrivals: list[tuple[str, bool, float]]) -> None:
    street = Street()
    for source, replaces, after in arrivals:
        wait = street.comes(source, replaces=replaces, after=after)
        if wait is not None:
            assert replaces
            assert street.told
            assert 1 <= wait <= 300


@given(st.lists(st.floats(30, 59), min_size=5, max_size=40))
def test_two_places_that_go_on_and_on_are_always_found(pauses: list[float]) -> None:
    street = Street()
    for number, after in enumerate(pauses):
        street.comes((HOME, AWAY)[number % 2], replaces=number > 0, after=after)
    assert street.told


def test_what_is_remembered_is_bounded() -> None:
    told: list[str] = []
    duplicates = Duplicates(lambda device, _: told.append(device.id), FlappingRules(devices=2))
    for number in range(5):
        duplicates.arrived(DeviceRow(f"hutch-{number}", 1, 1, "x"), HOME, replaces=True)
    assert len(duplicates._devices) == 2

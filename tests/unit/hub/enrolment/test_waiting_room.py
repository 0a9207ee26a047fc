from __future__ import annotations

from contextlib import ExitStack

import pytest

from hub.enrolment.waiting_room import Room, WaitingRoom
from protocol.close_codes import CloseCode
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import AWAY, HOME, Clock


def test_a_source_has_so_many_places_and_gets_them_back() -> None:
    room = WaitingRoom(Room(per_source=2))
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(room.place(HOME))
        with pytest.raises(Problem) as refusal, room.place(HOME):
            pass
        assert refusal.value.code is ProblemCode.RATE_LIMITED
        assert refusal.value.details["close"] == CloseCode.TOO_MANY
        with room.place(AWAY):
            assert room.waiting == 3
    assert room.waiting == 0
    with room.place(HOME):
        assert room.waiting == 1


def test_the_neighbours_of_an_ipv6_address_share_its_places() -> None:
    room = WaitingRoom(Room(per_source=1))
    with room.place("2001:db8::1"), pytest.raises(Problem), room.place("2001:db8::2"):
        pass


def test_the_hub_has_so_many_places() -> None:
    room = WaitingRoom(Room(in_all=3))
    with ExitStack() as stack:
        for number in range(3):
            stack.enter_context(room.place(f"192.0.2.{number}"))
        with pytest.raises(Problem), room.place("192.0.2.200"):
            pass


def test_who_comes_and_goes_too_often_has_to_wait() -> None:
    clock = Clock()
    room = WaitingRoom(Room(arrivals_per_source=3, seconds=60), clock.monotonic)
    for _ in range(3):
        with room.place(HOME):
            clock.seconds += 10
    with pytest.raises(Problem) as refusal, room.place(HOME):
        pass
    assert refusal.value.details["retry_after"] == 30
    assert room.knock(AWAY)
    clock.seconds += 30
    with room.place(HOME):
        pass


def test_many_sources_together_have_a_limit_too() -> None:
    clock = Clock()
    room = WaitingRoom(Room(arrivals_in_all=5), clock.monotonic)
    assert [room.knock(f"192.0.2.{number}") for number in range(6)] == [True] * 5 + [False]
    clock.seconds += 60
    assert room.knock("192.0.2.99")


def test_what_is_remembered_of_sources_is_bounded() -> None:
    room = WaitingRoom(Room(sources=4, arrivals_per_source=1))
    for number in range(5):
        assert room.knock(f"192.0.2.{number}")
    assert not room.knock("192.0.2.4")
    assert room.knock("192.0.2.0"), "the oldest source is forgotten"

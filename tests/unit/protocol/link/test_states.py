"""The tables of states have no dead ends."""

from __future__ import annotations

from protocol.codec import COMMAND_TYPES
from protocol.link.answers import ANSWERS
from protocol.link.states import (
    DEVICE_LASTS,
    DEVICE_TRANSITIONS,
    HUB_LASTS,
    HUB_TRANSITIONS,
    DeviceState,
    Happening,
    HubState,
)


def _reachable(start: str, table: dict[str, set[str]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        new = table[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def test_every_state_can_be_reached_and_left() -> None:
    device = {str(state): set(map(str, ways.values())) for state, ways in DEVICE_TRANSITIONS.items()}
    hub = {str(state): set(map(str, ways.values())) for state, ways in HUB_TRANSITIONS.items()}
    assert _reachable(DeviceState.IDLE, device) == set(DeviceState)
    assert _reachable(HubState.CHALLENGING, hub) == set(HubState)
    for state in set(DeviceState) - {DeviceState.STOPPED}:
        assert DeviceState.STOPPED in _reachable(state, device)
    for hub_state in HubState:
        assert HubState.CLOSED in _reachable(hub_state, hub)


def test_time_alone_ends_every_state_that_has_a_limit() -> None:
    assert {state for state, ways in DEVICE_TRANSITIONS.items() if Happening.OVERDUE in ways} == {
        *DEVICE_LASTS,
        DeviceState.WAITING,
    }
    assert {state for state, ways in HUB_TRANSITIONS.items() if Happening.OVERDUE in ways} == {
        *HUB_LASTS,
        HubState.OPEN,
    }


def test_every_command_has_an_answer() -> None:
    assert set(ANSWERS) == COMMAND_TYPES

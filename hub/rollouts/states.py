"""The states of a rollout and of its devices, and every way from one to another. What is not here does not happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hub.rollouts.types import RolloutState, TargetState
from protocol.problems import Problem, ProblemCode


class Move(StrEnum):
    """What moves a rollout."""

    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    HALT = "halt"
    FINISH = "finish"
    REOPEN = "reopen"
    """A device came later, or a failed one is tried again."""
    CANCEL = "cancel"


ROLLOUT_MOVES: Final[Mapping[RolloutState, Mapping[Move, RolloutState]]] = {
    RolloutState.PROPOSED: {
        Move.APPROVE: RolloutState.RUNNING,
        Move.CANCEL: RolloutState.CANCELLED,
    },
    RolloutState.RUNNING: {
        Move.PAUSE: RolloutState.PAUSED,
        Move.HALT: RolloutState.HALTED,
        Move.FINISH: RolloutState.FINISHED,
        Move.CANCEL: RolloutState.CANCELLED,
    },
    RolloutState.PAUSED: {
        Move.RESUME: RolloutState.RUNNING,
        Move.HALT: RolloutState.HALTED,
        Move.CANCEL: RolloutState.CANCELLED,
    },
    RolloutState.HALTED: {
        Move.RESUME: RolloutState.RUNNING,
        Move.CANCEL: RolloutState.CANCELLED,
    },
    RolloutState.FINISHED: {
        Move.REOPEN: RolloutState.RUNNING,
        Move.CANCEL: RolloutState.CANCELLED,
    },
    RolloutState.CANCELLED: {},
}


class Result(StrEnum):
    """What moves one device."""

    OFFER = "offer"
    UNSENT = "unsent"
    """The offer did not leave the hub: the device was gone."""
    INSTALL = "install"
    RETURN = "return"
    """It runs the new version."""
    FAIL = "fail"
    RETRY = "retry"
    LEAVE = "leave"
    JOIN = "join"


_UNDER_WAY: Final[Mapping[Result, TargetState]] = {
    Result.RETURN: TargetState.DONE,
    Result.FAIL: TargetState.FAILED,
}

TARGET_RESULTS: Final[Mapping[TargetState, Mapping[Result, TargetState]]] = {
    TargetState.WAITING: {
        Result.OFFER: TargetState.OFFERED,
        Result.RETURN: TargetState.DONE,
        Result.LEAVE: TargetState.GONE,
    },
    TargetState.OFFERED: {
        **_UNDER_WAY,
        Result.UNSENT: TargetState.WAITING,
        Result.INSTALL: TargetState.INSTALLED,
    },
    TargetState.INSTALLED: dict(_UNDER_WAY),
    # A device that failed by the clock may still come back with the new version, and that is what counts.
    TargetState.FAILED: {
        Result.RETRY: TargetState.WAITING,
        Result.RETURN: TargetState.DONE,
    },
    TargetState.DONE: {},
    TargetState.GONE: {Result.JOIN: TargetState.WAITING},
}


def moved(state: RolloutState, move: Move) -> RolloutState:
    """The state after a move. Raises :class:`Problem` CONFLICT for one that the state does not know."""
    after = ROLLOUT_MOVES[state].get(move)
    if after is None:
        raise Problem(
            ProblemCode.CONFLICT,
            f"A rollout that is {state.value} cannot {move.value}. Reload the page to see how it stands.",
            {"state": state.value},
        )
    return after


def before(result: Result) -> tuple[TargetState, ...]:
    """The states from which a result moves a device; for the condition of an update."""
    return tuple(state for state, ways in TARGET_RESULTS.items() if result in ways)


def after(state: TargetState, result: Result) -> TargetState | None:
    """The state after a result, None where the result means nothing."""
    return TARGET_RESULTS[state].get(result)

"""What a rollout does next follows from its counts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.rollouts.planning import LOOK_AGAIN, plan
from hub.rollouts.states import ROLLOUT_MOVES, TARGET_RESULTS, Move, Result, moved
from hub.rollouts.types import (
    Pace,
    Proposal,
    Release,
    Rollout,
    RolloutState,
    Stage,
    Tally,
    TargetState,
    Threshold,
)
from protocol.problems import Problem, ProblemCode

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
RELEASE = Release(url="https://hub.example/hutch.raucb", sha256="0f" * 32, version="1.1.0")
ONE = Threshold()
WAITING, OFFERED, DONE, FAILED = TargetState.WAITING, TargetState.OFFERED, TargetState.DONE, TargetState.FAILED


def a_rollout(*stages: Stage, threshold: Threshold = ONE, at_once: int = 25) -> Rollout:
    return Rollout(
        id=1,
        organisation_id=1,
        group_id=1,
        release=RELEASE,
        stages=stages or (Stage(percent=100),),
        threshold=threshold,
        pace=Pace(at_once=at_once),
        state=RolloutState.RUNNING,
        reason="",
        stage=0,
        settled_at=None,
        forgiven=0,
        next_at=NOW,
        created_by="ada",
        created_at=NOW,
        approved_by="ada",
        approved_at=NOW,
    )


def counts(**numbers: int) -> Tally:
    return Tally({TargetState(state): number for state, number in numbers.items()})


def test_the_first_stage_offers_no_more_than_its_count() -> None:
    rollout = a_rollout(Stage(count=2), Stage(percent=100))
    assert plan(rollout, counts(waiting=10), NOW).offer == 2
    assert plan(rollout, counts(waiting=9, offered=1), NOW).offer == 1
    assert plan(rollout, counts(waiting=8, offered=2), NOW).offer == 0


def test_a_share_is_rounded_up_and_counts_stages_before_it() -> None:
    assert Stage(percent=10).limit(11) == 2
    rollout = replace(a_rollout(Stage(count=1), Stage(percent=50), Stage(percent=100)), stage=1)
    assert plan(rollout, counts(waiting=9, done=1), NOW).offer == 4


def test_no_more_than_the_pace_allows_are_under_way() -> None:
    rollout = a_rollout(at_once=3)
    assert plan(rollout, counts(waiting=10, offered=2, done=4), NOW).offer == 1
    assert plan(rollout, counts(waiting=10, offered=1, installed=2), NOW).offer == 0


def test_the_next_stage_waits_for_the_soak_to_be_over() -> None:
    rollout = a_rollout(Stage(count=1, soak_seconds=600), Stage(percent=100))
    settled = plan(rollout, counts(waiting=9, done=1), NOW)
    assert (settled.stage, settled.settled_at) == (0, NOW)
    assert settled.next_at == NOW + LOOK_AGAIN
    soaking = replace(rollout, settled_at=NOW)
    assert plan(soaking, counts(waiting=9, done=1), NOW + timedelta(seconds=599)).stage == 0
    assert plan(soaking, counts(waiting=9, done=1), NOW + timedelta(seconds=600)).stage == 1


def test_a_stage_is_not_over_while_a_device_is_under_way() -> None:
    rollout = a_rollout(Stage(count=2), Stage(percent=100))
    assert plan(rollout, counts(waiting=8, done=1, installed=1), NOW).stage == 0


def test_everybody_through_is_the_end() -> None:
    assert plan(a_rollout(), counts(done=9, failed=1, gone=3), NOW).state is RolloutState.HALTED
    lenient = a_rollout(threshold=Threshold(failures=5))
    assert plan(lenient, counts(done=9, failed=1, gone=3), NOW).state is RolloutState.FINISHED


def test_it_stays_open_for_those_that_are_offline() -> None:
    decided = plan(a_rollout(), counts(waiting=1, done=9), NOW)
    assert decided.state is RolloutState.RUNNING
    assert decided.offer == 1


def test_it_halts_at_the_threshold_and_says_so() -> None:
    rollout = a_rollout(threshold=Threshold(failures=2, percent=50))
    assert plan(rollout, counts(waiting=5, failed=1, done=1), NOW).state is RolloutState.RUNNING
    assert plan(rollout, counts(waiting=5, failed=2, done=3), NOW).state is RolloutState.RUNNING
    halted = plan(rollout, counts(waiting=5, failed=2, done=2), NOW)
    assert halted.state is RolloutState.HALTED
    assert halted.next_at is None
    assert "2 devices could not be updated" in halted.reason


def test_a_paused_rollout_tells_nobody_but_may_halt() -> None:
    paused = replace(a_rollout(), state=RolloutState.PAUSED, reason="Paused by ada.")
    decided = plan(paused, counts(waiting=5), NOW)
    assert (decided.state, decided.offer, decided.reason) == (RolloutState.PAUSED, 0, "Paused by ada.")
    assert plan(paused, counts(waiting=5, failed=1), NOW).state is RolloutState.HALTED


def test_failures_that_were_forgiven_do_not_halt_again() -> None:
    resumed = replace(a_rollout(), forgiven=2)
    assert plan(resumed, counts(waiting=5, failed=2), NOW).state is RolloutState.RUNNING
    assert plan(resumed, counts(waiting=5, failed=3), NOW).state is RolloutState.HALTED


@pytest.mark.parametrize("state", list(RolloutState))
def test_only_the_moves_of_the_table_are_made(state: RolloutState) -> None:
    for move in Move:
        if move in ROLLOUT_MOVES[state]:
            assert moved(state, move) is ROLLOUT_MOVES[state][move]
        else:
            with pytest.raises(Problem) as refused:
                moved(state, move)
            assert refused.value.code is ProblemCode.CONFLICT


def test_every_result_leads_to_one_state() -> None:
    """An update in the store names one new state, whatever the old one was."""
    for result in Result:
        assert len({ways[result] for ways in TARGET_RESULTS.values() if result in ways}) == 1


@pytest.mark.parametrize(
    "stages",
    [[{"count": 1}], [{"percent": 50}], [{}], [{"count": 1, "percent": 1}], [], [{"count": 0}, {"percent": 100}]],
)
def test_stages_that_make_no_sense_are_refused(stages: list[dict[str, int]]) -> None:
    with pytest.raises(ValidationError):
        Proposal.model_validate({"release": RELEASE, "group_id": 1, "stages": stages})


_NUMBERS = st.integers(0, 300)


@given(
    numbers=st.dictionaries(st.sampled_from(list(TargetState)), _NUMBERS),
    stage=st.integers(0, 1),
    at_once=st.integers(1, 40),
    forgiven=st.integers(0, 300),
)
def test_a_step_never_tells_more_than_it_may(
    numbers: dict[TargetState, int], stage: int, at_once: int, forgiven: int
) -> None:
    rollout = a_rollout(Stage(percent=20), Stage(percent=100), at_once=at_once, threshold=Threshold(failures=3))
    tally = Tally(numbers)
    decided = plan(replace(rollout, stage=stage, forgiven=forgiven), tally, NOW)
    assert 0 <= decided.offer <= tally.of(WAITING)
    assert decided.offer == 0 or decided.offer + tally.under_way <= at_once
    if decided.state is RolloutState.HALTED:
        assert tally.of(FAILED) - forgiven >= 3
        assert decided.offer == 0
    if decided.state is RolloutState.FINISHED:
        assert tally.of(WAITING, OFFERED, TargetState.INSTALLED) == 0
    if stage == 0 and decided.offer:
        assert decided.offer + tally.offered <= Stage(percent=20).limit(tally.total)


@given(st.lists(st.sampled_from([True, True, True, False]), min_size=1, max_size=40), st.integers(1, 5))
def test_a_rollout_comes_to_its_end_step_by_step(outcomes: list[bool], allowed: int) -> None:
    """Devices answer one by one: every one is told once, and the end is finished or halted at the threshold."""
    rollout = a_rollout(Stage(count=1), Stage(percent=30), Stage(percent=100), threshold=Threshold(failures=allowed))
    states = dict.fromkeys(TargetState, 0)
    states[WAITING] = len(outcomes)
    left = list(outcomes)
    for _ in range(10 * len(outcomes) + 10):
        decided = plan(rollout, Tally(dict(states)), NOW)
        rollout = replace(rollout, state=decided.state, stage=decided.stage, settled_at=decided.settled_at)
        if decided.state is not RolloutState.RUNNING:
            break
        states[WAITING] -= decided.offer
        states[OFFERED] += decided.offer
        if states[OFFERED]:
            states[OFFERED] -= 1
            states[DONE if left.pop() else FAILED] += 1
    assert rollout.state in (RolloutState.FINISHED, RolloutState.HALTED)
    assert states[FAILED] <= allowed
    if rollout.state is RolloutState.FINISHED:
        assert states[DONE] + states[FAILED] == len(outcomes)

"""Steps and results, each in one transaction."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from hub.rollouts.book import RolloutBook, Step
from hub.rollouts.desk import RolloutDesk
from hub.rollouts.states import Result
from hub.rollouts.types import Pace, Proposal, Release, RolloutState, Stage, TargetState, Threshold
from hub.store.tables.devices import devices
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.rollouts.conftest import Clock, Fleet, add_device

RELEASE = Release(url="https://hub.example/hutch.raucb", sha256="0f" * 32, version="1.1.0")
TWO_THEN_ALL = (Stage(count=2, soak_seconds=600), Stage(percent=100))


def a_proposal(*stages: Stage, failures: int = 1, version: str = "1.1.0") -> Proposal:
    return Proposal(
        release=RELEASE.model_copy(update={"version": version}),
        group_id=1,
        stages=stages or (Stage(percent=100),),
        threshold=Threshold(failures=failures),
        pace=Pace(at_once=25, answer_seconds=100, return_seconds=50),
    )


async def begun(desk: RolloutDesk, proposal: Proposal) -> int:
    rollout_id = (await desk.propose(proposal, "ada")).rollout.id
    await desk.approve(rollout_id, "bob")
    return rollout_id


async def stepped(book: RolloutBook) -> Step:
    step = await book.step()
    assert step is not None
    return step


async def through(book: RolloutBook, step: Step) -> None:
    """Everybody told installs the update and is back with it."""
    for offer in step.offers:
        await book.result(offer.rollout_id, offer.device_id, offer.attempt, Result.INSTALL)
        await book.result(offer.rollout_id, offer.device_id, None, Result.RETURN)


async def test_nobody_is_told_before_an_owner_approved(desk: RolloutDesk, book: RolloutBook, told: list[Step]) -> None:
    rollout_id = (await desk.propose(a_proposal(), "ada")).rollout.id
    assert await book.step() is None
    approved = await desk.approve(rollout_id, "bob")
    assert (approved.rollout.created_by, approved.rollout.approved_by) == ("ada", "bob")
    assert len((await stepped(book)).offers) == 10
    assert [step.rollout.state for step in told] == [RolloutState.PROPOSED, RolloutState.RUNNING]


async def test_stages_soak_and_the_rest_follows(desk: RolloutDesk, book: RolloutBook, clock: Clock) -> None:
    rollout_id = await begun(desk, a_proposal(*TWO_THEN_ALL))
    first = await stepped(book)
    assert [offer.device_id for offer in first.offers] == ["d0", "d1"]
    await through(book, first)
    assert (await stepped(book)).offers == ()
    assert await book.step() is None
    clock.pass_by(599)
    assert (await stepped(book)).rollout.stage == 0
    clock.pass_by(1)
    assert (await stepped(book)).rollout.stage == 1
    rest = await stepped(book)
    assert len(rest.offers) == 8
    await through(book, rest)
    assert (await stepped(book)).rollout.state is RolloutState.FINISHED
    assert {target.state for target in await desk.targets(rollout_id)} == {TargetState.DONE}


async def test_a_failure_halts_in_the_transaction_that_stores_it(desk: RolloutDesk, book: RolloutBook) -> None:
    rollout_id = await begun(desk, a_proposal(*TWO_THEN_ALL))
    offer = (await stepped(book)).offers[0]
    halted = await book.result(rollout_id, offer.device_id, offer.attempt, Result.FAIL, "The disk is full.")
    assert halted is not None
    assert halted.rollout.state is RolloutState.HALTED
    assert await book.step() is None
    failed = await desk.targets(rollout_id, state=TargetState.FAILED)
    assert [(target.name, target.error) for target in failed] == [("D0", "The disk is full.")]


async def test_resume_forgives_and_retry_gives_another_turn(desk: RolloutDesk, book: RolloutBook) -> None:
    rollout_id = await begun(desk, a_proposal(*TWO_THEN_ALL))
    first, second = (await stepped(book)).offers
    await book.result(rollout_id, first.device_id, first.attempt, Result.FAIL, "no")
    await book.result(rollout_id, second.device_id, None, Result.RETURN)
    assert (await desk.resume(rollout_id)).rollout.forgiven == 1
    retried = await desk.retry(rollout_id)
    assert retried.rollout.forgiven == 0
    again = (await stepped(book)).offers
    assert [(offer.device_id, offer.attempt) for offer in again] == [(first.device_id, 2)]
    with pytest.raises(Problem) as refused:
        await desk.retry(rollout_id)
    assert refused.value.code is ProblemCode.CONFLICT


async def test_an_answer_to_an_earlier_attempt_says_nothing(desk: RolloutDesk, book: RolloutBook) -> None:
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100), failures=9))
    offer = (await stepped(book)).offers[0]
    await book.result(rollout_id, offer.device_id, offer.attempt, Result.FAIL, "no")
    await desk.retry(rollout_id)
    assert [other.attempt for other in (await stepped(book)).offers] == [2]
    assert await book.result(rollout_id, offer.device_id, 1, Result.INSTALL) is None


async def test_what_is_offline_waits_and_is_told_when_it_is_back(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, clock: Clock
) -> None:
    fleet.offline = {"d3", "d7"}
    rollout_id = await begun(desk, a_proposal())
    step = await stepped(book)
    assert {offer.device_id for offer in step.offers} == {"d0", "d1", "d2", "d4", "d5", "d6", "d8", "d9"}
    await through(book, step)
    assert (await stepped(book)).rollout.state is RolloutState.RUNNING
    fleet.offline.remove("d7")
    await book.wake([rollout_id])
    assert [offer.device_id for offer in (await stepped(book)).offers] == ["d7"]
    clock.pass_by(30)
    assert (await stepped(book)).tally.of(TargetState.WAITING) == 1


async def test_what_joins_after_the_end_is_served(
    desk: RolloutDesk, book: RolloutBook, store: Store, clock: Clock
) -> None:
    await begun(desk, a_proposal())
    await through(book, await stepped(book))
    assert (await stepped(book)).rollout.state is RolloutState.FINISHED
    await add_device(store, "late")
    clock.pass_by(60)
    reopened = await stepped(book)
    assert reopened.rollout.state is RolloutState.RUNNING
    assert [offer.device_id for offer in reopened.offers] == ["late"]


async def test_what_leaves_before_its_turn_is_gone(desk: RolloutDesk, book: RolloutBook, store: Store) -> None:
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    await stepped(book)
    async with store.begin() as connection:
        await connection.execute(sa.update(devices).where(devices.c.id == "d5").values(group_id=2))
        await connection.execute(sa.update(devices).where(devices.c.id == "d6").values(state="revoked"))
    await book.wake([rollout_id])
    tally = (await stepped(book)).tally
    assert (tally.of(TargetState.GONE), tally.total) == (2, 8)


async def test_what_runs_the_version_is_done_without_being_told(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet
) -> None:
    fleet.running = {"d0": "1.1.0", "d1": "1.0.0"}
    await begun(desk, a_proposal())
    step = await stepped(book)
    assert "d0" not in {offer.device_id for offer in step.offers}
    assert step.tally.of(TargetState.DONE) == 1


async def test_silence_is_a_failure_and_a_late_return_makes_it_good(
    desk: RolloutDesk, book: RolloutBook, clock: Clock
) -> None:
    rollout_id = await begun(desk, a_proposal(Stage(count=2), Stage(percent=100)))
    silent, slow = (await stepped(book)).offers
    await book.result(rollout_id, slow.device_id, slow.attempt, Result.INSTALL)
    clock.pass_by(51)
    assert (await stepped(book)).rollout.state is RolloutState.HALTED
    errors = {target.device_id: target.error for target in await desk.targets(rollout_id, state=TargetState.FAILED)}
    assert list(errors) == [slow.device_id]
    assert "did not come back" in errors[slow.device_id]
    back = await book.result(rollout_id, slow.device_id, None, Result.RETURN)
    assert back is not None
    assert back.tally.of(TargetState.DONE) == 1
    await desk.resume(rollout_id)
    clock.pass_by(50)
    assert (await stepped(book)).rollout.state is RolloutState.HALTED
    (lost,) = await desk.targets(rollout_id, state=TargetState.FAILED)
    assert lost.device_id == silent.device_id
    assert "did not say in time" in lost.error


async def test_a_newer_rollout_takes_the_place_of_the_older(desk: RolloutDesk, book: RolloutBook) -> None:
    old = await begun(desk, a_proposal(*TWO_THEN_ALL))
    await stepped(book)
    new = await begun(desk, a_proposal(version="1.2.0"))
    replaced = await desk.get(old)
    assert replaced.rollout.state is RolloutState.CANCELLED
    assert "1.2.0" in replaced.rollout.reason
    assert (await stepped(book)).rollout.id == new
    assert await book.step() is None


async def test_a_paused_rollout_stands_still_and_goes_on(desk: RolloutDesk, book: RolloutBook) -> None:
    rollout_id = await begun(desk, a_proposal(*TWO_THEN_ALL))
    assert "ada" in (await desk.pause(rollout_id, "ada")).rollout.reason
    assert await book.step() is None
    assert (await desk.resume(rollout_id)).rollout.reason == ""
    assert len((await stepped(book)).offers) == 2


async def test_two_nodes_never_tell_one_device_twice(
    desk: RolloutDesk, store: Store, fleet: Fleet, clock: Clock
) -> None:
    await begun(desk, a_proposal())
    nodes = [RolloutBook(store, fleet, fleet, clock) for _ in range(4)]
    steps = await asyncio.gather(*(node.step() for node in nodes))
    offers = [offer.device_id for step in steps if step for offer in step.offers]
    assert sorted(offers) == [f"d{number}" for number in range(10)]


async def test_what_is_cancelled_or_unknown_says_so(desk: RolloutDesk) -> None:
    rollout_id = (await desk.propose(a_proposal(), "ada")).rollout.id
    await desk.cancel(rollout_id, "ada")
    for attempt in (desk.approve(rollout_id, "ada"), desk.resume(rollout_id), desk.retry(rollout_id)):
        with pytest.raises(Problem) as refused:
            await attempt
        assert refused.value.code is ProblemCode.CONFLICT
    with pytest.raises(Problem) as missing:
        await desk.get(rollout_id + 1)
    assert missing.value.code is ProblemCode.NOT_FOUND

"""The worker tells devices what the book decided, and brings back what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from foundation.store.database import Store
from hub.ports import DeviceRow
from hub.rollouts.book import RolloutBook, Step
from hub.rollouts.desk import RolloutDesk
from hub.rollouts.records import Concern
from hub.rollouts.states import Result
from hub.rollouts.types import RolloutState, Stage, TargetState
from hub.rollouts.worker import CLOCK_LEEWAY, RolloutWorker, request_id
from protocol.events import GatewayHello, GatewayUpdated, GatewayUpdateFailed, Rollback, SystemInfo
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.rollouts.conftest import Clock, Fleet, offline
from tests.unit.hub.rollouts.test_book import a_proposal, begun

SYSTEM = SystemInfo(os="Linux", arch="aarch64", cpus=4, ram_total_bytes=1, disk_total_bytes=1)
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Watcher:
    """Waits until what the hub was told makes a condition true."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._changed = asyncio.Event()

    def told(self, step: Step) -> None:
        self.steps.append(step)
        self._changed.set()

    async def until(self, condition: Callable[[Step], bool]) -> Step:
        async with asyncio.timeout(10):
            while True:
                for step in self.steps:
                    if condition(step):
                        return step
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def working(book: RolloutBook, fleet: Fleet, watcher: Watcher) -> AsyncIterator[RolloutWorker]:
    worker = RolloutWorker(book, fleet, watcher.told, retry_seconds=0.01)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def watcher() -> Watcher:
    """What the hub was told."""
    return Watcher()


def hello(device_id: str, version: str, rollback: Rollback | None = None) -> GatewayHello:
    return GatewayHello(gateway_id=device_id, version=version, hostname="h", system_info=SYSTEM, rollback=rollback)


def row(device_id: str) -> DeviceRow:
    return DeviceRow(device_id, 1, 1, device_id)


async def test_every_device_is_told_once_and_comes_back(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, watcher: Watcher
) -> None:
    rollout_id = await begun(desk, a_proposal())
    async with working(book, fleet, watcher) as worker:
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 10)
        for number in range(10):
            worker.connected(row(f"d{number}"), hello(f"d{number}", "1.1.0"), AT)
        await watcher.until(lambda step: step.rollout.state is RolloutState.FINISHED)
    assert sorted(fleet.told) == [(f"d{number}", request_id(rollout_id, 1)) for number in range(10)]


async def test_a_refusal_halts_with_the_reason_of_the_device(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, watcher: Watcher
) -> None:
    fleet.answers["d0"] = "The signature of the bundle is not trusted."
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    async with working(book, fleet, watcher):
        await watcher.until(lambda step: step.rollout.state is RolloutState.HALTED)
    (failed,) = await desk.targets(rollout_id, state=TargetState.FAILED)
    assert failed.error == "The signature of the bundle is not trusted."
    assert [device_id for device_id, _ in fleet.told] == ["d0"]


async def test_a_device_that_took_the_update_back_says_why(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, watcher: Watcher
) -> None:
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    async with working(book, fleet, watcher) as worker:
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 1)
        back = Rollback(version="1.1.0", reason="The page did not answer.", at=AT)
        worker.connected(row("d0"), hello("d0", "1.0.0", back), AT)
        await watcher.until(lambda step: step.rollout.state is RolloutState.HALTED)
    (failed,) = await desk.targets(rollout_id, state=TargetState.FAILED)
    assert failed.error == "The page did not answer."


async def test_what_was_taken_back_before_a_retry_says_nothing_of_the_retry(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, *, clock: Clock, watcher: Watcher
) -> None:
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    async with working(book, fleet, watcher) as worker:
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 1)
        back = Rollback(version="1.1.0", reason="The page did not answer.", at=clock.now)
        worker.connected(row("d0"), hello("d0", "1.0.0", back), AT)
        await watcher.until(lambda step: step.rollout.state is RolloutState.HALTED)
        clock.pass_by(CLOCK_LEEWAY.total_seconds() + 1)
        await desk.retry(rollout_id)
        await desk.resume(rollout_id)
        watcher.steps.clear()
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 1)
        watcher.steps.clear()
        worker.connected(row("d0"), hello("d0", "1.0.0", back), AT)
        worker.connected(row("d1"), hello("d1", "1.0.0"), AT)  # it waits for its turn: the worker looks once more
        await watcher.until(lambda step: True)
        assert await desk.targets(rollout_id, state=TargetState.FAILED) == []
        again = Rollback(version="1.1.0", reason="It did not answer again.", at=clock.now)
        worker.connected(row("d0"), hello("d0", "1.0.0", again), AT)
        await watcher.until(lambda step: step.rollout.state is RolloutState.HALTED)
    (failed,) = await desk.targets(rollout_id, state=TargetState.FAILED)
    assert failed.error == "It did not answer again."


async def test_an_offer_that_did_not_leave_waits_for_the_next_turn(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, watcher: Watcher
) -> None:
    fleet.answers["d0"] = offline(sent=False)
    await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    async with working(book, fleet, watcher) as worker:
        await watcher.until(lambda step: bool(step.offers))
        await watcher.until(lambda step: not step.offers and step.tally.of(TargetState.WAITING) == 10)
        assert fleet.told == []
        del fleet.answers["d0"]
        worker.connected(row("d0"), hello("d0", "1.0.0"), AT)
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 1)
    assert [attempt for _, attempt in fleet.told] == [request_id(1, 2)]


async def test_an_answer_that_comes_after_the_connection_went_still_counts(
    desk: RolloutDesk, book: RolloutBook, fleet: Fleet, watcher: Watcher
) -> None:
    fleet.answers = {"d0": offline(sent=True), "d1": offline(sent=True)}
    rollout_id = await begun(desk, a_proposal(Stage(count=2), Stage(percent=100), failures=2))
    async with working(book, fleet, watcher) as worker:
        await fleet.asked.wait()
        worker.heard("d0", GatewayUpdated(request_id=request_id(rollout_id, 1), version="1.1.0"), AT)
        worker.heard("d1", GatewayUpdateFailed(request_id=request_id(rollout_id, 1), error="no room"), AT)
        worker.heard("d1", GatewayUpdateFailed(request_id="rollout-x-1", error="not ours"), AT)
        worker.heard("d1", GatewayUpdateFailed(request_id="by-hand", error="not ours"), AT)
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED, TargetState.FAILED) == 2)
    states = {target.device_id: target.state for target in await desk.targets(rollout_id, limit=2)}
    assert states == {"d0": TargetState.INSTALLED, "d1": TargetState.FAILED}


async def test_a_hub_that_died_after_deciding_tells_nobody_again(
    desk: RolloutDesk, book: RolloutBook, store: Store, fleet: Fleet, *, clock: Clock, watcher: Watcher
) -> None:
    """The offer is stored before it is sent: whoever comes after cannot know that it was not, and leaves it be."""
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    died = await book.step()
    assert died is not None
    assert [offer.device_id for offer in died.offers] == ["d0"]
    clock.pass_by(30)
    async with working(RolloutBook(store, fleet, fleet, clock), fleet, watcher) as worker:
        await watcher.until(lambda step: step.rollout.id == rollout_id)
        worker.connected(row("d0"), hello("d0", "1.1.0"), AT)
        await watcher.until(lambda step: step.tally.of(TargetState.DONE) == 1)
    assert "d0" not in {device_id for device_id, _ in fleet.told}


class Interrupted(RolloutBook):
    """A book that something happens to, once, while it is asked or written to."""

    asked: Callable[[], None] | None = None
    refusals: tuple[Problem, ...] = ()

    async def concerning(self, device_ids: Sequence[str]) -> list[Concern]:
        found = await super().concerning(device_ids)
        if self.asked is not None:
            happens, self.asked = self.asked, None
            happens()
        return found

    async def result(
        self, rollout_id: int, device_id: str, attempt: int | None, result: Result, error: str = ""
    ) -> Step | None:
        if self.refusals:
            refusal, *rest = self.refusals
            self.refusals = tuple(rest)
            raise refusal
        return await super().result(rollout_id, device_id, attempt, result, error)


async def test_a_hello_while_the_one_before_is_looked_at_is_not_lost(
    desk: RolloutDesk, store: Store, fleet: Fleet, *, clock: Clock, watcher: Watcher
) -> None:
    book = Interrupted(store, fleet, fleet, clock)
    await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    async with working(book, fleet, watcher) as worker:
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 1)
        book.asked = lambda: worker.connected(row("d0"), hello("d0", "1.1.0"), AT)
        worker.connected(row("d0"), hello("d0", "1.0.0"), AT)
        await watcher.until(lambda step: step.tally.of(TargetState.DONE) == 1)


async def test_a_result_is_kept_until_the_store_takes_it(
    desk: RolloutDesk, store: Store, fleet: Fleet, *, clock: Clock, watcher: Watcher
) -> None:
    book = Interrupted(store, fleet, fleet, clock)
    book.refusals = (Problem(ProblemCode.UNAVAILABLE, "The store is busy."), Problem(ProblemCode.DISK_FULL, "Full."))
    fleet.answers["d0"] = "There is no room."
    rollout_id = await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
    async with working(book, fleet, watcher):
        await watcher.until(lambda step: step.rollout.state is RolloutState.HALTED)
    (failed,) = await desk.targets(rollout_id, state=TargetState.FAILED)
    assert failed.error == "There is no room."
    assert not book.refusals


async def test_a_result_of_a_rollout_that_is_gone_is_let_go(
    desk: RolloutDesk, store: Store, fleet: Fleet, *, clock: Clock, watcher: Watcher
) -> None:
    book = Interrupted(store, fleet, fleet, clock)
    async with working(book, fleet, watcher) as worker:
        worker.heard("d0", GatewayUpdated(request_id=request_id(77, 1), version="1.1.0"), AT)
        await begun(desk, a_proposal(Stage(count=1), Stage(percent=100)))
        worker.connected(row("d1"), hello("d1", "1.0.0"), AT)
        await watcher.until(lambda step: step.tally.of(TargetState.INSTALLED) == 1)

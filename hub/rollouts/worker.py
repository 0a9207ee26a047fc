"""Carries rollouts out: takes steps that are due, tells devices, and hears what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.ports import DeviceRow, Ports
from hub.rollouts.book import Offer, RolloutBook, Step
from hub.rollouts.records import Concern
from hub.rollouts.states import Result
from hub.rollouts.types import TargetState
from protocol.commands import GatewayUpdate
from protocol.events import AnyEvent, GatewayHello, GatewayUpdated, GatewayUpdateFailed, Rollback
from protocol.problems import Problem, ProblemCode

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 5.0
"""How often a node looks for steps that are due; what happens on this node wakes it at once."""
RETRY_SECONDS: Final = 1.0
"""After which a result is offered again to a store that did not take it."""
CLOCK_LEEWAY: Final = timedelta(minutes=5)
"""How far a device's clock may be behind, as for its proof: only what is older than that was another attempt's."""
_OVER: Final = frozenset({ProblemCode.NOT_FOUND, ProblemCode.CONFLICT})
"""The rollout is gone or past that: its result is of no use any more."""
_BATCH: Final = 500
_MAX_HEARD: Final = 10_000
_PREFIX: Final = "rollout"


@dataclass(frozen=True, slots=True)
class _Return:
    """A device is back: with this version, and perhaps with a reason why an update did not stay."""

    version: str
    rollback: Rollback | None


def request_id(rollout_id: int, attempt: int) -> str:
    """How the update of a rollout is called on the wire, so that a late answer still finds its rollout."""
    return f"{_PREFIX}-{rollout_id}-{attempt}"


class RolloutWorker:
    """One on every node. Told of devices by :meth:`connected` and :meth:`heard`, which never block."""

    def __init__(
        self,
        book: RolloutBook,
        ports: Ports,
        publish: Callable[[Step], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._book = book
        self._ports = ports
        self._publish = publish
        self._retry_seconds = retry_seconds
        self._returns: dict[str, _Return] = {}
        self._answers: dict[tuple[str, str], GatewayUpdated | GatewayUpdateFailed] = {}
        self._wake = asyncio.Event()
        self._offers: set[asyncio.Task[None]] = set()

    # What the link endpoint tells

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """A device said hello."""
        del at
        self._returns[device.id] = _Return(hello.version, hello.rollback)
        self._wake.set()

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        """An answer to an update whose question is no longer open: the device or this hub was away meanwhile."""
        del at
        if isinstance(event, GatewayUpdated | GatewayUpdateFailed) and len(self._answers) < _MAX_HEARD:
            self._answers[device_id, event.request_id] = event
            self._wake.set()

    def moved(self, step: Step) -> None:
        """A person moved a rollout."""
        self._publish(step)
        self._wake.set()

    # The work

    async def run(self) -> None:
        """Work until cancelled. A store that is away is waited for."""
        try:
            while True:
                try:
                    await self._work()
                except Problem as problem:
                    log.warning("rollouts wait", code=problem.code, reason=problem.message)
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            for task in self._offers:
                task.cancel()
            await asyncio.gather(*self._offers, return_exceptions=True)

    async def _work(self) -> None:
        self._wake.clear()
        await self._take_answers()
        await self._take_returns()
        while (step := await self._book.step()) is not None:
            self._publish(step)
            for offer in step.offers:
                task = asyncio.create_task(self._tell(offer), name=f"rollout {offer.rollout_id} {offer.device_id}")
                self._offers.add(task)
                task.add_done_callback(self._offers.discard)

    async def _tell(self, offer: Offer) -> None:
        command = GatewayUpdate(
            request_id=request_id(offer.rollout_id, offer.attempt),
            url=offer.release.url,
            sha256=offer.release.sha256,
            version=offer.release.version,
        )
        try:
            answered = await self._ports.of(offer.device_id).call(command, within=offer.answer_seconds)
        except Problem as problem:
            if problem.code is ProblemCode.TIMEOUT or problem.details.get("sent"):
                return  # it may have heard it: its return or its deadline tells
            await self._store(offer.rollout_id, offer.device_id, offer.attempt, Result.UNSENT, problem.message)
            return
        result = Result.INSTALL if answered.ok else Result.FAIL
        await self._store(offer.rollout_id, offer.device_id, offer.attempt, result, answered.error or "")

    async def _store(self, rollout_id: int, device_id: str, attempt: int | None, result: Result, error: str) -> None:
        """Keep a result until the store takes it: a device says it once."""
        while True:
            try:
                step = await self._book.result(rollout_id, device_id, attempt, result, error)
            except Problem as problem:
                if problem.code in _OVER:
                    return
                reason = problem.message
                log.warning("a rollout's result is not stored yet", device=device_id, result=result, reason=reason)
                await asyncio.sleep(self._retry_seconds)
                continue
            if step is not None:
                self._publish(step)
                self._wake.set()
            return

    async def _take_answers(self) -> None:
        answers, self._answers = self._answers, {}
        for (device_id, request), event in answers.items():
            prefix, _, numbers = request.partition("-")
            rollout_id, _, attempt = numbers.partition("-")
            if prefix != _PREFIX or not (rollout_id.isdecimal() and attempt.isdecimal()):
                continue
            failed = isinstance(event, GatewayUpdateFailed)
            error = event.error if isinstance(event, GatewayUpdateFailed) else ""
            result = Result.FAIL if failed else Result.INSTALL
            await self._store(int(rollout_id), device_id, int(attempt), result, error)

    async def _take_returns(self) -> None:
        while self._returns:
            # Taken out before anything is awaited: a device that says hello meanwhile is looked at again.
            batch = {device_id: self._returns.pop(device_id) for device_id in list(self._returns)[:_BATCH]}
            try:
                await self._take(batch)
            except Problem:
                self._returns = batch | self._returns
                raise

    async def _take(self, batch: Mapping[str, _Return]) -> None:
        waiting: set[int] = set()
        for concern in await self._book.concerning(list(batch)):
            back = batch[concern.device_id]
            if back.version == concern.version:
                await self._store(concern.rollout_id, concern.device_id, None, Result.RETURN, "")
            elif concern.state is TargetState.WAITING:
                waiting.add(concern.rollout_id)
            elif concern.state is not TargetState.FAILED and _rolled_back(back, concern):
                reason = back.rollback.reason if back.rollback else ""
                await self._store(concern.rollout_id, concern.device_id, concern.attempt, Result.FAIL, reason)
        if waiting:
            await self._book.wake(sorted(waiting))


def _rolled_back(back: _Return, concern: Concern) -> bool:
    """Whether the attempt under way was taken back; a device tells of an earlier one until its next update."""
    rollback = back.rollback
    if rollback is None or rollback.version != concern.version:
        return False
    return concern.offered_at is None or rollback.at >= concern.offered_at - CLOCK_LEEWAY

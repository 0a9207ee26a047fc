"""Steps and results of rollouts, each one transaction: what was decided is stored before anybody acts on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.ports import Ports
from hub.rollouts import records
from hub.rollouts.planning import Plan, plan
from hub.rollouts.ports import Versions
from hub.rollouts.states import Move, Result, moved
from hub.rollouts.types import Release, Rollout, RolloutState, Tally, TargetState

PAGE: Final = 1000
"""Waiting devices looked through at a time for those that are online."""
_LATE: Final[Mapping[TargetState, str]] = {
    TargetState.OFFERED: "The device did not say in time whether it is updated. Look at it, then try again.",
    TargetState.INSTALLED: "The device did not come back with the new version in time. Look at it, then try again.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A device to be told, now that the store says it is."""

    rollout_id: int
    device_id: str
    attempt: int
    release: Release
    answer_seconds: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a step came to: how the rollout stands now, and whom to tell."""

    rollout: Rollout
    tally: Tally
    offers: tuple[Offer, ...] = ()


class RolloutBook:
    """Moves rollouts in the store. Several nodes may do it at once: each step holds its rollout's row."""

    def __init__(
        self, store: Store, ports: Ports, versions: Versions, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._ports = ports
        self._versions = versions
        self._clock = clock

    async def step(self) -> Step | None:
        """Take the rollout that is due and move it one step; None when none is due, or other nodes have them."""
        now = self._clock()
        async with self._store.begin() as connection:
            rollout = await records.claim_due(connection, now)
            if rollout is None:
                return None
            await records.gather(connection, rollout)
            await self._lapse(connection, rollout, now)
            rollout = await self._reopened(connection, rollout)
            return await self._follow(connection, rollout, now)

    async def result(
        self, rollout_id: int, device_id: str, attempt: int | None, result: Result, error: str = ""
    ) -> Step | None:
        """Store what became of a device; None when it says nothing new. A rollout that has to stop stops with it."""
        now = self._clock()
        async with self._store.begin() as connection:
            rollout = await records.get(connection, rollout_id, hold=True)
            columns = self._columns(rollout, result, error, now)
            if not await records.move_targets(
                connection, rollout_id, result, columns, device_ids=[device_id], attempt=attempt
            ):
                return None
            tally = await records.tally(connection, rollout_id)
            decided = plan(rollout, tally, now)
            if decided.state is RolloutState.HALTED:
                return Step(await self._settle(connection, rollout, decided), tally)
            if rollout.state is RolloutState.RUNNING and result is not Result.UNSENT:
                await records.change(connection, rollout_id, {"next_at": now})
            return Step(rollout, tally)

    async def wake(self, rollout_ids: Sequence[int]) -> None:
        """Have these looked at now: a device of theirs is back."""
        now = self._clock()
        async with self._store.begin() as connection:
            for rollout_id in rollout_ids:
                rollout = await records.get(connection, rollout_id, hold=True)
                if rollout.state is RolloutState.RUNNING:
                    await records.change(connection, rollout_id, {"next_at": now})

    async def concerning(self, device_ids: Sequence[str]) -> list[records.Concern]:
        """Where devices stand in the rollouts that are not over."""
        async with self._store.read() as connection:
            return await records.concerning(connection, device_ids)

    # Inside

    def _columns(self, rollout: Rollout, result: Result, error: str, now: datetime) -> records.Columns:
        match result:
            case Result.INSTALL:
                return {"due_at": now + timedelta(seconds=rollout.pace.return_seconds)}
            case Result.UNSENT:
                return {"due_at": None, "offered_at": None}
            case _:
                return {"due_at": None, "finished_at": now, "error": records.shortened(error)}

    async def _lapse(self, connection: AsyncConnection, rollout: Rollout, now: datetime) -> None:
        late = await records.overdue(connection, rollout.id, now)
        for state, sentence in _LATE.items():
            devices = [device_id for device_id, where in late if where is state]
            if devices:
                columns = self._columns(rollout, Result.FAIL, sentence, now)
                await records.move_targets(connection, rollout.id, Result.FAIL, columns, device_ids=devices)

    async def _reopened(self, connection: AsyncConnection, rollout: Rollout) -> Rollout:
        if rollout.state is not RolloutState.FINISHED:
            return rollout
        if not (await records.tally(connection, rollout.id)).of(TargetState.WAITING):
            return rollout
        state = moved(rollout.state, Move.REOPEN)
        await records.change(connection, rollout.id, {"state": state.value, "settled_at": None})
        return await records.get(connection, rollout.id)

    async def _follow(self, connection: AsyncConnection, rollout: Rollout, now: datetime) -> Step:
        decided = plan(rollout, await records.tally(connection, rollout.id), now)
        offers = await self._offer(connection, rollout, decided.offer, now) if decided.offer else ()
        rollout = await self._settle(connection, rollout, decided)
        return Step(rollout, await records.tally(connection, rollout.id), offers)

    async def _settle(self, connection: AsyncConnection, rollout: Rollout, decided: Plan) -> Rollout:
        columns: records.Columns = {
            "state": decided.state.value,
            "stage": decided.stage,
            "settled_at": decided.settled_at,
            "next_at": decided.next_at,
            "reason": decided.reason,
        }
        await records.change(connection, rollout.id, columns)
        return await records.get(connection, rollout.id)

    async def _offer(
        self, connection: AsyncConnection, rollout: Rollout, most: int, now: datetime
    ) -> tuple[Offer, ...]:
        chosen = await self._choose(connection, rollout, most, now)
        if not chosen:
            return ()
        due = now + timedelta(seconds=rollout.pace.answer_seconds)
        told = await records.offer(connection, rollout, chosen, now, due)
        seconds = rollout.pace.answer_seconds
        return tuple(Offer(rollout.id, device_id, attempt, rollout.release, seconds) for device_id, attempt in told)

    async def _choose(self, connection: AsyncConnection, rollout: Rollout, most: int, now: datetime) -> list[str]:
        """Waiting devices that are online, as many as may be told; those that run the version are done on the way."""
        chosen: list[str] = []
        last = ""
        while len(chosen) < most:
            page = await records.waiting(connection, rollout.id, last, PAGE)
            if not page:
                break
            last = page[-1]
            online = [device_id for device_id in page if self._ports.online(device_id)]
            running = await self._versions.versions(connection, online) if online else {}
            there = [device_id for device_id in online if running.get(device_id) == rollout.release.version]
            if there:
                columns = self._columns(rollout, Result.RETURN, "", now)
                await records.move_targets(connection, rollout.id, Result.RETURN, columns, device_ids=there)
            chosen += [device_id for device_id in online if device_id not in set(there)][: most - len(chosen)]
        return chosen

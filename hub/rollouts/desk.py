"""What people do with rollouts: propose, approve, pause, resume, retry, cancel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.rollouts import records
from hub.rollouts.book import Step
from hub.rollouts.states import Move, Result, moved
from hub.rollouts.types import Proposal, Rollout, RolloutState, Target, TargetState
from hub.store.tables.people import groups
from protocol.problems import Problem, ProblemCode

MAX_PAGE: Final = 500


class RolloutDesk:
    """Every method raises :class:`Problem`: NOT_FOUND, or CONFLICT where the state does not allow it."""

    def __init__(
        self, store: Store, told: Callable[[Step], None], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._told = told
        self._clock = clock

    async def propose(self, proposal: Proposal, by: str) -> Step:
        """Write a rollout down; it begins with :meth:`approve`."""
        async with self._store.begin() as connection:
            organisation = await connection.scalar(
                sa.select(groups.c.organisation_id).where(groups.c.id == proposal.group_id)
            )
            if organisation is None:
                raise Problem(ProblemCode.NOT_FOUND, "There is no such group. Choose one of the list.")
            rollout_id = await records.add(connection, organisation, proposal, by, self._clock())
            await records.gather(connection, await records.get(connection, rollout_id))
            step = await _step(connection, rollout_id)
        return self._tell(step)

    async def approve(self, rollout_id: int, by: str) -> Step:
        """Let it begin. The group's older rollouts are over with it: a device follows one at a time."""
        now = self._clock()
        replaced: list[Step] = []
        async with self._store.begin() as connection:
            rollout = await records.get(connection, rollout_id, hold=True)
            columns: records.Columns = {"approved_by": by, "approved_at": now}
            await self._move(connection, rollout, Move.APPROVE, "", columns)
            for other in await records.others_of(connection, rollout):
                older = await records.get(connection, other, hold=True)
                reason = f"The rollout of {rollout.release.version} to the same group took its place."
                await self._move(connection, older, Move.CANCEL, reason)
                replaced.append(await _step(connection, other))
            step = await _step(connection, rollout_id)
        for older_step in replaced:
            self._told(older_step)
        return self._tell(step)

    async def pause(self, rollout_id: int, by: str) -> Step:
        """Tell no further device; those under way go on."""
        return await self._by_hand(rollout_id, Move.PAUSE, f"Paused by {by}.")

    async def halt(self, rollout_id: int, by: str) -> Step:
        """Stop it as it would stop itself."""
        return await self._by_hand(rollout_id, Move.HALT, f"Halted by {by}.")

    async def cancel(self, rollout_id: int, by: str) -> Step:
        """End it for good."""
        return await self._by_hand(rollout_id, Move.CANCEL, f"Cancelled by {by}.")

    async def resume(self, rollout_id: int) -> Step:
        """Go on after a pause or a halt. Failures so far no longer count."""
        async with self._store.begin() as connection:
            rollout = await records.get(connection, rollout_id, hold=True)
            failed = (await records.tally(connection, rollout_id)).of(TargetState.FAILED)
            await self._move(connection, rollout, Move.RESUME, "", {"forgiven": failed})
            step = await _step(connection, rollout_id)
        return self._tell(step)

    async def retry(self, rollout_id: int, device_id: str | None = None) -> Step:
        """Let failed devices, or one of them, have another turn; a finished rollout goes on for them."""
        async with self._store.begin() as connection:
            rollout = await records.get(connection, rollout_id, hold=True)
            if rollout.state in (RolloutState.PROPOSED, RolloutState.CANCELLED):
                raise Problem(ProblemCode.CONFLICT, f"A rollout that is {rollout.state.value} has nothing to retry.")
            one = None if device_id is None else [device_id]
            columns: records.Columns = {"due_at": None, "finished_at": None, "error": ""}
            if not await records.move_targets(connection, rollout_id, Result.RETRY, columns, device_ids=one):
                raise Problem(ProblemCode.CONFLICT, "No device has failed here. Reload the page to see how it stands.")
            left = (await records.tally(connection, rollout_id)).of(TargetState.FAILED)
            await records.change(connection, rollout_id, {"forgiven": min(rollout.forgiven, left)})
            if rollout.state is RolloutState.FINISHED:
                await self._move(connection, rollout, Move.REOPEN, "", {"settled_at": None})
            step = await _step(connection, rollout_id)
        return self._tell(step)

    async def get(self, rollout_id: int) -> Step:
        """A rollout and its counts."""
        async with self._store.read() as connection:
            return await _step(connection, rollout_id)

    async def listed(
        self, where: sa.ColumnElement[bool], *, older_than: int | None = None, limit: int = 50
    ) -> list[Step]:
        """Rollouts for which ``where`` holds (conditions on the table ``rollouts``), newest first."""
        async with self._store.read() as connection:
            found = await records.listed(connection, where, older_than=older_than, limit=min(limit, MAX_PAGE))
            return [Step(rollout, await records.tally(connection, rollout.id)) for rollout in found]

    async def targets(
        self, rollout_id: int, *, state: TargetState | None = None, after_id: str = "", limit: int = 100
    ) -> list[Target]:
        """The devices of a rollout in the order of their ids, behind ``after_id``."""
        async with self._store.read() as connection:
            await records.get(connection, rollout_id)
            return await records.targets(
                connection, rollout_id, state=state, after_id=after_id, limit=min(limit, MAX_PAGE)
            )

    # Inside

    async def _by_hand(self, rollout_id: int, move: Move, reason: str) -> Step:
        async with self._store.begin() as connection:
            await self._move(connection, await records.get(connection, rollout_id, hold=True), move, reason)
            step = await _step(connection, rollout_id)
        return self._tell(step)

    async def _move(
        self,
        connection: AsyncConnection,
        rollout: Rollout,
        move: Move,
        reason: str,
        more: records.Columns | None = None,
    ) -> None:
        state = moved(rollout.state, move)
        columns: records.Columns = {
            "state": state.value,
            "reason": records.shortened(reason),
            "next_at": self._clock() if state is RolloutState.RUNNING else None,
        }
        await records.change(connection, rollout.id, {**columns, **(more or {})})

    def _tell(self, step: Step) -> Step:
        self._told(step)
        return step


async def _step(connection: AsyncConnection, rollout_id: int) -> Step:
    return Step(await records.get(connection, rollout_id), await records.tally(connection, rollout_id))

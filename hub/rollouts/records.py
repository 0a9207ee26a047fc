"""Rollouts in the hub's store. Every function works in the transaction it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Row

from foundation.store.light import AsyncConnection
from hub.rollouts.states import Result, after, before
from hub.rollouts.types import (
    Pace,
    Proposal,
    Release,
    Rollout,
    RolloutState,
    Stage,
    Tally,
    Target,
    TargetState,
    Threshold,
)
from hub.store.tables.devices import devices
from hub.store.tables.rollouts import rollout_targets, rollouts
from protocol.problems import Problem, ProblemCode

MAX_TEXT: Final = 512
_STAGES: Final = TypeAdapter(tuple[Stage, ...])
Columns = dict[str, str | int | datetime | None]


@dataclass(frozen=True, slots=True)
class Concern:
    """Where a device stands in one rollout, and which version it is to come back with."""

    rollout_id: int
    device_id: str
    state: TargetState
    attempt: int
    offered_at: datetime | None
    version: str


async def add(
    connection: AsyncConnection, organisation_id: int, proposal: Proposal, created_by: str, now: datetime
) -> int:
    """Store a proposal; its id."""
    found = await connection.execute(
        sa.insert(rollouts).values(
            organisation_id=organisation_id,
            group_id=proposal.group_id,
            release=proposal.release.model_dump(mode="json"),
            stages=_STAGES.dump_python(proposal.stages, mode="json"),
            threshold=proposal.threshold.model_dump(mode="json"),
            pace=proposal.pace.model_dump(mode="json"),
            state=RolloutState.PROPOSED.value,
            reason="",
            stage=0,
            forgiven=0,
            created_by=created_by,
            created_at=now,
        )
    )
    key = found.inserted_primary_key
    assert key is not None  # noqa: S101 (an insert of one row has one)
    return int(key[0])


async def get(connection: AsyncConnection, rollout_id: int, *, hold: bool = False) -> Rollout:
    """One rollout; ``hold`` keeps other nodes from moving it before this transaction ends. Raises NOT_FOUND."""
    statement = sa.select(rollouts).where(rollouts.c.id == rollout_id)
    row = (await connection.execute(statement.with_for_update() if hold else statement)).first()
    if row is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such rollout. It may have been removed with its group.")
    return rollout_of(row)


async def listed(
    connection: AsyncConnection, where: sa.ColumnElement[bool], *, older_than: int | None, limit: int
) -> list[Rollout]:
    """Rollouts, newest first."""
    statement = sa.select(rollouts).where(where).order_by(rollouts.c.id.desc()).limit(limit)
    if older_than is not None:
        statement = statement.where(rollouts.c.id < older_than)
    return [rollout_of(row) for row in await connection.execute(statement)]


async def claim_due(connection: AsyncConnection, now: datetime) -> Rollout | None:
    """The rollout that has waited longest for its next step, held by this transaction; other nodes skip it."""
    statement = (
        sa.select(rollouts)
        .where(rollouts.c.next_at <= now)
        .order_by(rollouts.c.next_at, rollouts.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await connection.execute(statement)).first()
    return None if row is None else rollout_of(row)


async def change(connection: AsyncConnection, rollout_id: int, columns: Columns) -> None:
    """Write columns of a rollout that this transaction holds."""
    await connection.execute(sa.update(rollouts).where(rollouts.c.id == rollout_id).values(**columns))


async def others_of(connection: AsyncConnection, rollout: Rollout) -> list[int]:
    """Ids of the group's other rollouts that are not over, held by this transaction."""
    over = (RolloutState.CANCELLED.value, RolloutState.PROPOSED.value)
    statement = (
        sa.select(rollouts.c.id)
        .where(rollouts.c.group_id == rollout.group_id, rollouts.c.id != rollout.id, rollouts.c.state.not_in(over))
        .order_by(rollouts.c.id)
        .with_for_update()
    )
    return list(await connection.scalars(statement))


# Devices of a rollout


async def gather(connection: AsyncConnection, rollout: Rollout) -> None:
    """Bring the targets in step with the group: newcomers wait their turn, those that left before theirs are gone."""
    members = sa.select(devices.c.id).where(devices.c.group_id == rollout.group_id, devices.c.state == "active")
    known = sa.select(rollout_targets.c.device_id).where(rollout_targets.c.rollout_id == rollout.id)
    newcomers = sa.select(
        sa.literal(rollout.id),
        devices.c.id,
        sa.literal(TargetState.WAITING.value),
        sa.literal(0),
        sa.literal(""),
    ).where(devices.c.id.in_(members), devices.c.id.not_in(known))
    names = ["rollout_id", "device_id", "state", "attempt", "error"]
    await connection.execute(sa.insert(rollout_targets).from_select(names, newcomers))
    mine = sa.update(rollout_targets).where(rollout_targets.c.rollout_id == rollout.id)
    for result, belongs in (
        (Result.LEAVE, rollout_targets.c.device_id.not_in(members)),
        (Result.JOIN, rollout_targets.c.device_id.in_(members)),
    ):
        await connection.execute(_moved(mine, result).where(belongs))


async def tally(connection: AsyncConnection, rollout_id: int) -> Tally:
    """How many devices stand where."""
    statement = (
        sa.select(rollout_targets.c.state, sa.func.count())
        .where(rollout_targets.c.rollout_id == rollout_id)
        .group_by(rollout_targets.c.state)
    )
    return Tally({TargetState(state): count for state, count in await connection.execute(statement)})


async def waiting(connection: AsyncConnection, rollout_id: int, after_id: str, limit: int) -> list[str]:
    """Devices whose turn has not come, in the order of their ids, behind ``after_id``."""
    statement = (
        sa.select(rollout_targets.c.device_id)
        .where(
            rollout_targets.c.rollout_id == rollout_id,
            rollout_targets.c.state == TargetState.WAITING.value,
            rollout_targets.c.device_id > after_id,
        )
        .order_by(rollout_targets.c.device_id)
        .limit(limit)
    )
    return list(await connection.scalars(statement))


async def overdue(connection: AsyncConnection, rollout_id: int, now: datetime) -> list[tuple[str, TargetState]]:
    """Devices that took too long, and where they stand."""
    statement = sa.select(rollout_targets.c.device_id, rollout_targets.c.state).where(
        rollout_targets.c.rollout_id == rollout_id,
        rollout_targets.c.state.in_((TargetState.OFFERED.value, TargetState.INSTALLED.value)),
        rollout_targets.c.due_at <= now,
    )
    return [(device_id, TargetState(state)) for device_id, state in await connection.execute(statement)]


async def move_targets(
    connection: AsyncConnection,
    rollout_id: int,
    result: Result,
    columns: Columns,
    *,
    device_ids: Iterable[str] | None = None,
    attempt: int | None = None,
) -> int:
    """Move devices from every state that knows the result; those in other states stay. How many were moved.

    ``attempt``: only where this is the attempt under way, so that a late answer to an earlier one says nothing.
    """
    statement = _moved(sa.update(rollout_targets).where(rollout_targets.c.rollout_id == rollout_id), result)
    if device_ids is not None:
        statement = statement.where(rollout_targets.c.device_id.in_(list(device_ids)))
    if attempt is not None:
        statement = statement.where(rollout_targets.c.attempt == attempt)
    return (await connection.execute(statement.values(**columns) if columns else statement)).rowcount


async def offer(
    connection: AsyncConnection, rollout: Rollout, device_ids: Sequence[str], now: datetime, due_at: datetime
) -> list[tuple[str, int]]:
    """Mark waiting devices as told, and each with the number of its attempt; from here on nobody else tells them."""
    chosen = rollout_targets.c.device_id.in_(device_ids)
    columns: dict[str, object] = {
        "attempt": rollout_targets.c.attempt + 1,
        "stage": rollout.stage,
        "offered_at": now,
        "due_at": due_at,
        "finished_at": None,
        "error": "",
    }
    mine = sa.update(rollout_targets).where(rollout_targets.c.rollout_id == rollout.id, chosen)
    await connection.execute(_moved(mine, Result.OFFER).values(**columns))
    statement = sa.select(rollout_targets.c.device_id, rollout_targets.c.attempt).where(
        rollout_targets.c.rollout_id == rollout.id, chosen, rollout_targets.c.offered_at == now
    )
    return [(device_id, attempt) for device_id, attempt in await connection.execute(statement)]


def _moved(statement: sa.Update, result: Result) -> sa.Update:
    """An update from every state that the result moves, which all lead to one."""
    states = before(result)
    (target,) = {after(state, result) for state in states}
    assert target is not None  # noqa: S101 (the states were chosen by the result)
    return statement.where(rollout_targets.c.state.in_([state.value for state in states])).values(state=target.value)


async def concerning(connection: AsyncConnection, device_ids: Sequence[str]) -> list[Concern]:
    """Where these devices stand in the rollouts that are not over, as far as something may still change."""
    live = [state.value for state in TargetState if state not in (TargetState.DONE, TargetState.GONE)]
    over = (RolloutState.PROPOSED.value, RolloutState.CANCELLED.value)
    statement = (
        sa.select(
            rollout_targets.c.rollout_id,
            rollout_targets.c.device_id,
            rollout_targets.c.state,
            rollout_targets.c.attempt,
            rollout_targets.c.offered_at,
            rollouts.c.release,
        )
        .join(rollouts, rollouts.c.id == rollout_targets.c.rollout_id)
        .where(rollout_targets.c.device_id.in_(device_ids), rollout_targets.c.state.in_(live))
        .where(rollouts.c.state.not_in(over))
        .order_by(rollout_targets.c.rollout_id)
    )
    rows = await connection.execute(statement)
    return [
        Concern(rollout_id, device_id, TargetState(state), attempt, offered_at, Release.model_validate(release).version)
        for rollout_id, device_id, state, attempt, offered_at, release in rows
    ]


async def targets(
    connection: AsyncConnection,
    rollout_id: int,
    *,
    state: TargetState | None = None,
    after_id: str = "",
    only: str | None = None,
    limit: int,
) -> list[Target]:
    """The devices of a rollout in the order of their ids."""
    statement = (
        sa.select(rollout_targets, devices.c.name)
        .join(devices, devices.c.id == rollout_targets.c.device_id)
        .where(rollout_targets.c.rollout_id == rollout_id, rollout_targets.c.device_id > after_id)
        .order_by(rollout_targets.c.device_id)
        .limit(limit)
    )
    if state is not None:
        statement = statement.where(rollout_targets.c.state == state.value)
    if only is not None:
        statement = statement.where(rollout_targets.c.device_id == only)
    return [_target_of(row) for row in await connection.execute(statement)]


def rollout_of(row: Row[tuple[object, ...]]) -> Rollout:
    """A row of the table as the rollout it stands for."""
    values = row._mapping
    return Rollout(
        id=values["id"],
        organisation_id=values["organisation_id"],
        group_id=values["group_id"],
        release=Release.model_validate(values["release"]),
        stages=_STAGES.validate_python(values["stages"]),
        threshold=Threshold.model_validate(values["threshold"]),
        pace=Pace.model_validate(values["pace"]),
        state=RolloutState(values["state"]),
        reason=values["reason"],
        stage=values["stage"],
        settled_at=values["settled_at"],
        forgiven=values["forgiven"],
        next_at=values["next_at"],
        created_by=values["created_by"],
        created_at=values["created_at"],
        approved_by=values["approved_by"],
        approved_at=values["approved_at"],
    )


def _target_of(row: Row[tuple[object, ...]]) -> Target:
    values = row._mapping
    return Target(
        rollout_id=values["rollout_id"],
        device_id=values["device_id"],
        name=values["name"],
        state=TargetState(values["state"]),
        attempt=values["attempt"],
        stage=values["stage"],
        offered_at=values["offered_at"],
        due_at=values["due_at"],
        finished_at=values["finished_at"],
        error=values["error"],
    )


def shortened(text: str) -> str:
    """A reason that fits its column."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"

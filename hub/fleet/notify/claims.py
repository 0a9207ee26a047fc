"""Who sends what: rows that one node takes, so that nobody is told twice, however many nodes there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.fleet.notify.outbox import Told
from hub.fleet.notify.timing import LEASE, retry_at
from hub.store.tables.fleet import alerts, notifications
from hub.store.tables.fleet import notification_targets as targets
from protocol.problems import Problem

AT_ONCE: Final = 500
_CLOSED: Final = ("sent", "failed", "dropped")


@dataclass(frozen=True, slots=True)
class Note:
    """One notification that this node holds."""

    id: int
    attempts: int
    kind: Told
    severity: str
    name: str
    text: str
    moot: bool
    """Nobody needs to be told any more: it is over, or somebody takes care."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything one target is to be told now."""

    target_id: int
    sealed: bytes
    notes: tuple[Note, ...]


class Claims:
    """Takes due notifications and says what became of them."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    async def take(self) -> list[Parcel]:
        """What is due and nobody else holds, by target; it is this node's for :data:`LEASE`."""
        now = self._clock()
        due = (
            sa.select(notifications.c.id)
            .where(notifications.c.state.in_(("waiting", "sending")), notifications.c.due_at <= now)
            .order_by(notifications.c.due_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        taking = (
            sa.update(notifications)
            .where(notifications.c.id.in_(due))
            .values(state="sending", attempts=notifications.c.attempts + 1, due_at=now + LEASE)
            .returning(notifications.c.id)
        )
        async with self._store.begin() as connection:
            taken = list(await connection.scalars(taking))
            return await _parcels(connection, taken) if taken else []

    async def sent(self, parcel: Parcel) -> None:
        """The target took it; what was moot was left out."""
        async with self._store.begin() as connection:
            for moot, state in ((False, "sent"), (True, "dropped")):
                ids = [note.id for note in parcel.notes if note.moot is moot]
                await connection.execute(_mark(ids).values(state=state, error=None))
            if not all(note.moot for note in parcel.notes):
                await connection.execute(
                    sa.update(targets)
                    .where(targets.c.id == parcel.target_id)
                    .values(last_sent_at=self._clock(), last_error=None)
                )

    async def failed(self, parcel: Parcel, problem: Problem) -> None:
        """The target did not take it: once more later, or never."""
        now, error = self._clock(), problem.message[:256]
        async with self._store.begin() as connection:
            for note in parcel.notes:
                again = retry_at(now, note.attempts)
                state = "failed" if again is None else "waiting"
                await connection.execute(_mark([note.id]).values(state=state, due_at=again or now, error=error))
            await connection.execute(
                sa.update(targets).where(targets.c.id == parcel.target_id).values(last_error=error)
            )


def _mark(ids: Sequence[int]) -> sa.Update:
    return sa.update(notifications).where(notifications.c.id.in_(ids), notifications.c.state.not_in(_CLOSED))


async def _parcels(connection: AsyncConnection, ids: list[int]) -> list[Parcel]:
    found = await connection.execute(
        sa.select(
            notifications.c.id,
            notifications.c.attempts,
            notifications.c.kind,
            alerts.c.severity,
            alerts.c.name,
            alerts.c.text,
            alerts.c.cleared_at,
            alerts.c.acknowledged_at,
            targets.c.id.label("target_id"),
            targets.c.sealed,
        )
        .select_from(notifications.join(alerts).join(targets, targets.c.id == notifications.c.target_id))
        .where(notifications.c.id.in_(ids))
        .order_by(notifications.c.id)
    )
    parcels: dict[int, Parcel] = {}
    for row in found:
        over = row.cleared_at is not None or row.acknowledged_at is not None
        moot = over if row.kind == "raised" else row.cleared_at is None
        note = Note(row.id, row.attempts, row.kind, row.severity, row.name, row.text, moot)
        before = parcels.get(row.target_id)
        notes = (*before.notes, note) if before is not None else (note,)
        parcels[row.target_id] = Parcel(row.target_id, row.sealed, notes)
    return list(parcels.values())

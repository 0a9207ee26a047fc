"""The alerts in the store: raised once for the whole hub, whichever node saw it first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.fleet.alerts.types import Alert, Clear, Place, Raise
from hub.fleet.notify.outbox import tell_again, tell_cleared, tell_raised
from hub.fleet.upserts import insert_new
from hub.store.tables.fleet import alerts
from protocol.problems import Problem, ProblemCode

FLAPS: Final = timedelta(minutes=30)
"""An alert that comes back so soon is the same one: it is opened again, and nobody is told twice."""
MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts to list: newest first, with an id below ``before``."""

    where: sa.ColumnElement[bool]
    """What the reader may see."""
    open_only: bool = False
    device_id: str | None = None
    before: int | None = None
    limit: int = 50


class AlertStore:
    """Every method raises :class:`Problem` where the store cannot."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    async def open_alerts(self) -> list[Alert]:
        """Every alert that is not cleared."""
        async with self._store.read() as connection:
            found = await connection.execute(sa.select(alerts).where(alerts.c.cleared_at.is_(None)))
            return [_alert(row) for row in found]

    async def raise_(self, place: Place, step: Raise) -> Alert | None:
        """Open an alert, and leave word for its targets; None where it is open already, or its device is gone."""
        now = self._clock()
        try:
            async with self._store.begin() as connection:
                again = await _open_again(connection, place, step, now)
                if again is not None:
                    await tell_again(connection, again, now)
                    return again
                made = await _insert(connection, place, step, now)
                if made is not None:
                    await tell_raised(connection, made, now)
                return made
        except IntegrityError:
            return None

    async def clear(self, about: str, step: Clear) -> Alert | None:
        """Close an alert; None where another node did, or a person removed its device."""
        now = self._clock()
        closing = (
            sa.update(alerts)
            .where(_is(about, step.rule, step.subject), alerts.c.cleared_at.is_(None))
            .values(cleared_at=now)
            .returning(*alerts.c)
        )
        async with self._store.begin() as connection:
            row = (await connection.execute(closing)).first()
            if row is None:
                return None
            await tell_cleared(connection, _alert(row), now)
            return _alert(row)

    async def acknowledge(self, alert_id: int, by: str) -> Alert:
        """A person takes care; the first one stays. Raises NOT_FOUND."""
        mine = sa.update(alerts).where(alerts.c.id == alert_id, alerts.c.acknowledged_at.is_(None))
        async with self._store.begin() as connection:
            await connection.execute(mine.values(acknowledged_at=self._clock(), acknowledged_by=by))
        return await self.get(alert_id)

    async def get(self, alert_id: int) -> Alert:
        """One alert. Raises NOT_FOUND."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(alerts).where(alerts.c.id == alert_id))).first()
        if row is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no alert with this number. Look at the list.")
        return _alert(row)

    async def list(self, query: AlertQuery) -> list[Alert]:
        """Alerts, newest first."""
        found = sa.select(alerts).where(query.where).order_by(alerts.c.id.desc()).limit(min(query.limit, MAX_PAGE))
        if query.open_only:
            found = found.where(alerts.c.cleared_at.is_(None))
        if query.device_id is not None:
            found = found.where(alerts.c.device_id == query.device_id)
        if query.before is not None:
            found = found.where(alerts.c.id < query.before)
        async with self._store.read() as connection:
            return [_alert(row) for row in await connection.execute(found)]

    async def prune(self, keep: timedelta) -> int:
        """Remove what was cleared longer ago; the answer is how many went."""
        async with self._store.begin() as connection:
            gone = await connection.execute(sa.delete(alerts).where(alerts.c.cleared_at < self._clock() - keep))
            return gone.rowcount


def _is(about: str, rule: str, subject: str) -> sa.ColumnElement[bool]:
    return sa.and_(alerts.c.about == about, alerts.c.rule == rule, alerts.c.subject == subject)


async def _open_again(connection: AsyncConnection, place: Place, step: Raise, now: datetime) -> Alert | None:
    same = _is(place.about, step.rule, step.subject)
    open_one = sa.select(alerts.c.id).where(same, alerts.c.cleared_at.is_(None))
    if await connection.scalar(open_one) is not None:
        return None
    last = sa.select(sa.func.max(alerts.c.id)).where(same, alerts.c.cleared_at > now - FLAPS).scalar_subquery()
    again = (
        sa.update(alerts)
        .where(alerts.c.id == last, alerts.c.cleared_at.is_not(None))
        .values(cleared_at=None, times=alerts.c.times + 1, text=step.text, severity=step.severity)
        .returning(*alerts.c)
    )
    row = (await connection.execute(again)).first()
    return _alert(row) if row is not None else None


async def _insert(connection: AsyncConnection, place: Place, step: Raise, now: datetime) -> Alert | None:
    values = {
        "organisation_id": place.organisation_id,
        "group_id": place.group_id,
        "device_id": place.device_id,
        "about": place.about,
        "name": place.name,
        "rule": step.rule,
        "subject": step.subject,
        "severity": step.severity,
        "text": step.text,
        "raised_at": now,
        "times": 1,
    }
    row = (await connection.execute(insert_new(connection, alerts).values(values).returning(*alerts.c))).first()
    return _alert(row) if row is not None else None


def _alert(row: Row[*tuple[object, ...]]) -> Alert:
    return Alert(**row._mapping)

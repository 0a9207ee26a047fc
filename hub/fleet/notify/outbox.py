"""Leaves word for the targets of an alert, in the transaction that raises or clears it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.notify.quiet import QuietHours
from foundation.notify.zones import find_zone
from foundation.store.light import AsyncConnection
from hub.fleet.notify.timing import GATHER, SETTLES, due_at
from hub.fleet.upserts import insert_new
from hub.store.tables.fleet import notification_targets as targets
from hub.store.tables.fleet import notifications
from hub.store.tables.people import memberships

if TYPE_CHECKING:
    from hub.fleet.alerts.types import Alert

Told = Literal["raised", "cleared"]


async def tell_raised(connection: AsyncConnection, alert: Alert, now: datetime) -> None:
    """Every target that wants to know of this alert will be told, once."""
    found = await connection.execute(sa.select(targets).where(_reached_by(alert)))
    await _leave(connection, alert, "raised", [row for row in found if _wants(row, alert)], now)


async def tell_cleared(connection: AsyncConnection, alert: Alert, now: datetime) -> None:
    """Targets that want to know of the end, and were or will be told of the beginning."""
    told = sa.select(notifications.c.target_id).where(
        notifications.c.alert_id == alert.id, notifications.c.kind == "raised"
    )
    found = await connection.execute(sa.select(targets).where(targets.c.id.in_(told), targets.c.tells_cleared))
    await _leave(connection, alert, "cleared", list(found), now + SETTLES)


async def tell_again(connection: AsyncConnection, alert: Alert, now: datetime) -> None:
    """The alert came back: who was told that it is over, or was not told before it was, is told of it now."""
    ends = sa.and_(notifications.c.alert_id == alert.id, notifications.c.kind == "cleared")
    told = sa.select(notifications.c.target_id).where(ends, notifications.c.state == "sent")
    again = sa.and_(
        notifications.c.alert_id == alert.id,
        notifications.c.kind == "raised",
        sa.or_(notifications.c.target_id.in_(told), notifications.c.state == "dropped"),
    )
    await connection.execute(
        sa.update(notifications).where(again).values(state="waiting", attempts=0, due_at=now + GATHER)
    )
    await connection.execute(sa.delete(notifications).where(ends))


def _reached_by(alert: Alert) -> sa.ColumnElement[bool]:
    """A person's own target hears of what its person may see."""
    member = sa.exists().where(
        memberships.c.person_id == targets.c.person_id,
        memberships.c.organisation_id == alert.organisation_id,
        sa.or_(memberships.c.group_id.is_(None), memberships.c.group_id == alert.group_id),
    )
    return sa.and_(
        targets.c.organisation_id == alert.organisation_id,
        sa.or_(targets.c.group_id.is_(None), targets.c.group_id == alert.group_id),
        sa.or_(targets.c.person_id.is_(None), member),
    )


def _wants(row: Row[*tuple[object, ...]], alert: Alert) -> bool:
    values = row._mapping
    if values["critical_only"] and alert.severity != "critical":
        return False
    return not values["rules"] or alert.rule in values["rules"]


async def _leave(
    connection: AsyncConnection, alert: Alert, kind: Told, rows: list[Row[*tuple[object, ...]]], now: datetime
) -> None:
    if not rows:
        return
    values = [
        {
            "alert_id": alert.id,
            "target_id": row._mapping["id"],
            "kind": kind,
            "state": "waiting",
            "attempts": 0,
            "due_at": due_at(now, await _quiet(row, alert)),
        }
        for row in rows
    ]
    await connection.execute(insert_new(connection, notifications), values)


async def _quiet(row: Row[*tuple[object, ...]], alert: Alert) -> QuietHours | None:
    values = row._mapping
    start, end = values["quiet_from"], values["quiet_to"]
    if start is None or end is None or (alert.severity == "critical" and not values["quiet_for_critical"]):
        return None
    return QuietHours(start, end, await find_zone(values["timezone"]))

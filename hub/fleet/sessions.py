"""Sessions over all devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from foundation.store.database import Store
from hub.fleet.cursors import read_cursor, write_cursor
from hub.store.tables.devices import devices
from hub.store.tables.fleet import device_live, device_sessions

MAX_PAGE: Final = 500
_S = device_sessions.c
_SORT: Final = "last_activity"


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """A page of sessions, the liveliest first. ``where`` is what the reader may see, in the columns of ``devices``."""

    where: sa.ColumnElement[bool]
    q: str = ""
    status: tuple[str, ...] = ()
    group_id: int | None = None
    device_id: str | None = None
    with_offline: bool = False
    """Also those of devices that are offline, as they were when last heard of."""
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session, and the device it runs on."""

    device_id: str
    device_name: str
    organisation_id: int
    group_id: int
    online: bool
    session_id: str
    name: str
    agent: str | None
    status: str
    title: str
    workdir: str | None
    last_activity_at: datetime
    since: datetime
    """From when on it has this status."""


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some sessions; ``after`` is where the next page begins, None at the end."""

    sessions: list[SessionRow]
    after: str | None


class SessionList:
    """Reads only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, query: SessionQuery) -> SessionPage:
        """One page. Raises :class:`Problem` INVALID_REQUEST for a cursor that is none."""
        limit = min(max(query.limit, 1), MAX_PAGE)
        found = _joined().where(query.where, *_filters(query))
        if query.after is not None:
            key, place = read_cursor(query.after, _SORT, datetime)
            found = found.where(_beyond(sa.literal(key, _S.last_activity_at.type), place))
        order = (_S.last_activity_at.desc(), _S.device_id.desc(), _S.session_id.desc())
        async with self._store.read() as connection:
            rows = [
                SessionRow(**row._mapping) for row in await connection.execute(found.order_by(*order).limit(limit + 1))
            ]
        shown = rows[:limit]
        if len(rows) <= limit:
            return SessionPage(shown, None)
        last = shown[-1]
        return SessionPage(shown, write_cursor(_SORT, last.last_activity_at, f"{last.device_id} {last.session_id}"))


def _joined() -> sa.Select[Any]:
    return sa.select(
        devices.c.id.label("device_id"),
        devices.c.name.label("device_name"),
        devices.c.organisation_id,
        devices.c.group_id,
        device_live.c.online,
        *(_S[name] for name in _OWN),
    ).select_from(
        device_sessions.join(devices, devices.c.id == _S.device_id).join(
            device_live, device_live.c.device_id == _S.device_id
        )
    )


_OWN: Final = ("session_id", "name", "agent", "status", "title", "workdir", "last_activity_at", "since")


def _filters(query: SessionQuery) -> list[sa.ColumnElement[bool]]:
    filters: list[sa.ColumnElement[bool]] = []
    if not query.with_offline:
        filters.append(device_live.c.online.is_(True))
    if query.status:
        filters.append(_S.status.in_(query.status))
    if query.group_id is not None:
        filters.append(devices.c.group_id == query.group_id)
    if query.device_id is not None:
        filters.append(devices.c.id == query.device_id)
    filters += [
        sa.or_(
            *(
                column.icontains(word, autoescape=True)
                for column in (_S.name, _S.title, _S.agent, _S.workdir, devices.c.name)
            )
        )
        for word in query.q.split()[:8]
    ]
    return filters


def _beyond(key: sa.ColumnElement[Any], place: str) -> sa.ColumnElement[bool]:
    device_id, _, session_id = place.partition(" ")
    return sa.or_(
        _S.last_activity_at < key,
        sa.and_(_S.last_activity_at == key, _S.device_id < device_id),
        sa.and_(_S.last_activity_at == key, _S.device_id == device_id, _S.session_id < session_id),
    )

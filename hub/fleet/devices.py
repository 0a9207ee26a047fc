"""The list of devices: filtered, sorted and paged in the store, so that thousands cost as little as a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.fleet.cursors import Sortable, read_cursor, write_cursor
from hub.fleet.types import HealthView, RollbackView
from hub.store.tables.devices import devices
from hub.store.tables.fleet import alerts, device_live, device_tags
from protocol.problems import Problem, ProblemCode

MAX_PAGE: Final = 500
DeviceFilter = Literal["online", "offline", "new", "waiting", "alert", "revoked"]
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_L = device_live.c


@dataclass(frozen=True, slots=True)
class _Sort:
    key: sa.ColumnElement[Any]
    kind: type[Sortable]


SORTS: Final[Mapping[str, _Sort]] = {
    "name": _Sort(sa.func.lower(devices.c.name), str),
    "last_seen": _Sort(sa.func.coalesce(_L.last_seen_at, sa.literal(_LONG_AGO, _L.last_seen_at.type)), datetime),
    "created": _Sort(devices.c.created_at, datetime),
    "version": _Sort(sa.func.coalesce(_L.version, ""), str),
    "cpu": _Sort(sa.func.coalesce(_L.cpu_percent, sa.literal(-1.0)), float),
    "heat": _Sort(sa.func.coalesce(_L.temperature_celsius, sa.literal(-300.0)), float),
    "waiting": _Sort(sa.cast(sa.func.coalesce(_L.waiting, 0), sa.Float), float),
}
"""What the list may be sorted by; with ``-`` before the name from the greatest to the least."""


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """A page of the list. ``where`` is what the reader may see, in the columns of ``devices``."""

    where: sa.ColumnElement[bool]
    q: str = ""
    group_id: int | None = None
    tag: str | None = None
    state: DeviceFilter | None = None
    sort: str = "name"
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as the list and its page show it; what never connected has no more than its name."""

    id: str
    organisation_id: int
    group_id: int
    name: str
    state: str
    created_at: datetime
    claimed_by: str
    online: bool
    since: datetime | None
    """When it came or went."""
    last_seen_at: datetime | None
    version: str | None
    hostname: str | None
    model: str | None
    os: str | None
    arch: str | None
    cpus: int | None
    features: tuple[str, ...]
    allows: tuple[str, ...] | None
    rollback: RollbackView | None
    health: HealthView | None
    sessions: int
    waiting: int
    working: int
    tags: tuple[str, ...] = ()
    alerts: int = 0
    """Open ones."""


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Some devices; ``after`` is where the next page begins, None at the end."""

    devices: list[DeviceView]
    after: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The fleet in numbers."""

    devices: int
    online: int
    waiting: int
    """Sessions that wait for a person."""
    working: int
    alerts: int


class DeviceList:
    """Reads only; :meth:`hub.fleet.writer.FleetWriter.freshen` first, where the last second counts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, query: DeviceQuery) -> DevicePage:
        """One page. Raises :class:`Problem` INVALID_REQUEST for a cursor or a sort that is none."""
        falling, name = query.sort.startswith("-"), query.sort.removeprefix("-")
        if name not in SORTS:
            raise Problem(ProblemCode.INVALID_REQUEST, f"Sort by one of: {', '.join(SORTS)}.")
        sort, limit = SORTS[name], min(max(query.limit, 1), MAX_PAGE)
        found = _joined(sort.key.label("sort_key")).where(query.where, *_filters(query))
        if query.after is not None:
            found = found.where(_beyond(sort, *read_cursor(query.after, query.sort, sort.kind), falling=falling))
        order = (sort.key.desc(), devices.c.id.desc()) if falling else (sort.key, devices.c.id)
        async with self._store.read() as connection:
            rows = list(await connection.execute(found.order_by(*order).limit(limit + 1)))
            shown = rows[:limit]
            views = await _complete(connection, shown)
        more = len(rows) > limit
        return DevicePage(views, write_cursor(query.sort, shown[-1].sort_key, shown[-1].id) if more else None)

    async def get(self, device_id: str) -> DeviceView:
        """One device. Raises :class:`Problem` NOT_FOUND."""
        async with self._store.read() as connection:
            rows = list(await connection.execute(_joined().where(devices.c.id == device_id)))
            if not rows:
                raise Problem(ProblemCode.NOT_FOUND, "There is no such device. Look at the list of devices.")
            return (await _complete(connection, rows))[0]

    async def versions(self, connection: AsyncConnection, device_ids: Sequence[str]) -> dict[str, str]:
        """Which version of Hutch these run, as far as they said; within the caller's transaction."""
        statement = sa.select(device_live.c.device_id, device_live.c.version).where(
            device_live.c.device_id.in_(device_ids), device_live.c.version.is_not(None)
        )
        return {str(row.device_id): str(row.version) for row in await connection.execute(statement)}

    async def summary(self, where: sa.ColumnElement[bool]) -> Summary:
        """How many there are, among those the reader may see."""
        joined = devices.outerjoin(device_live, _L.device_id == devices.c.id)
        counted = (
            sa.select(
                sa.func.count(),
                sa.func.coalesce(sa.func.sum(sa.cast(_L.online, sa.Integer)), 0),
                sa.func.coalesce(sa.func.sum(sa.case((_L.online, _L.waiting), else_=0)), 0),
                sa.func.coalesce(sa.func.sum(sa.case((_L.online, _L.working), else_=0)), 0),
            )
            .select_from(joined)
            .where(where)
        )
        opened = (
            sa.select(sa.func.count())
            .select_from(alerts.join(devices, devices.c.id == alerts.c.device_id))
            .where(alerts.c.cleared_at.is_(None), where)
        )
        async with self._store.read() as connection:
            total, online, waiting, working = (await connection.execute(counted)).one()
            return Summary(total, int(online), int(waiting), int(working), await connection.scalar(opened) or 0)


def _joined(*more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    own = [devices.c[name] for name in _OWN]
    live = [column for column in device_live.c if column.name != "device_id"]
    return sa.select(*own, *live, *more).select_from(devices.outerjoin(device_live, _L.device_id == devices.c.id))


_OWN: Final = ("id", "organisation_id", "group_id", "name", "state", "created_at", "claimed_by")


def _filters(query: DeviceQuery) -> list[sa.ColumnElement[bool]]:
    filters: list[sa.ColumnElement[bool]] = []
    if query.group_id is not None:
        filters.append(devices.c.group_id == query.group_id)
    if query.tag is not None:
        filters.append(_tagged(device_tags.c.tag == query.tag.lower()))
    if query.state is not None:
        filters.append(_in_state(query.state))
    filters += [_matches(word) for word in query.q.split()[:8]]
    return filters


def _matches(word: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        devices.c.name.icontains(word, autoescape=True),
        devices.c.id.icontains(word, autoescape=True),
        _L.hostname.icontains(word, autoescape=True),
        _tagged(device_tags.c.tag.startswith(word.lower(), autoescape=True)),
    )


def _tagged(tag: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return devices.c.id.in_(sa.select(device_tags.c.device_id).where(tag))


def _in_state(state: DeviceFilter) -> sa.ColumnElement[bool]:
    match state:
        case "online":
            return _L.online.is_(True)
        case "offline":
            return sa.and_(_L.online.is_(False), devices.c.state == "active")
        case "new":
            return sa.and_(_L.device_id.is_(None), devices.c.state == "active")
        case "waiting":
            return sa.and_(_L.online.is_(True), _L.waiting > 0)
        case "alert":
            return devices.c.id.in_(sa.select(alerts.c.device_id).where(alerts.c.cleared_at.is_(None)))
        case "revoked":
            return devices.c.state == "revoked"


def _beyond(sort: _Sort, key: Sortable, row_id: str, *, falling: bool) -> sa.ColumnElement[bool]:
    last = sa.literal(key, sort.key.type)
    if falling:
        return sa.or_(sort.key < last, sa.and_(sort.key == last, devices.c.id < row_id))
    return sa.or_(sort.key > last, sa.and_(sort.key == last, devices.c.id > row_id))


async def _complete(connection: AsyncConnection, rows: list[Row[Any]]) -> list[DeviceView]:
    """Tags and alerts are read for the rows that are shown, not for those that are only sorted."""
    ids = [row.id for row in rows]
    tags: dict[str, list[str]] = {}
    tagged = sa.select(device_tags).where(device_tags.c.device_id.in_(ids)).order_by(device_tags.c.tag)
    for row in await connection.execute(tagged):
        tags.setdefault(row.device_id, []).append(row.tag)
    counted = (
        sa.select(alerts.c.device_id, sa.func.count())
        .where(alerts.c.device_id.in_(ids), alerts.c.cleared_at.is_(None))
        .group_by(alerts.c.device_id)
    )
    opened: dict[str, int] = {row[0]: row[1] for row in await connection.execute(counted)}
    return [_view(row, tuple(tags.get(row.id, ())), opened.get(row.id, 0)) for row in rows]


def _view(row: Row[Any], tags: tuple[str, ...], opened: int) -> DeviceView:
    return DeviceView(
        id=row.id,
        organisation_id=row.organisation_id,
        group_id=row.group_id,
        name=row.name,
        state=row.state,
        created_at=row.created_at,
        claimed_by=row.claimed_by,
        online=bool(row.online),
        since=row.since,
        last_seen_at=row.last_seen_at,
        version=row.version,
        hostname=row.hostname,
        model=row.model,
        os=row.os,
        arch=row.arch,
        cpus=row.cpus,
        features=tuple(row.features or ()),
        allows=None if row.allows is None else tuple(row.allows),
        rollback=RollbackView(row.rollback_version, row.rollback_reason, row.rollback_at) if row.rollback_at else None,
        health=_health(row),
        sessions=row.sessions or 0,
        waiting=row.waiting or 0,
        working=row.working or 0,
        tags=tags,
        alerts=opened,
    )


def _health(row: Row[Any]) -> HealthView | None:
    if row.health_at is None:
        return None
    return HealthView(
        at=row.health_at,
        cpu_percent=row.cpu_percent,
        ram_used_bytes=row.ram_used_bytes,
        ram_total_bytes=row.ram_total_bytes,
        disk_used_bytes=row.disk_used_bytes,
        disk_total_bytes=row.disk_total_bytes,
        uptime_seconds=row.uptime_seconds,
        temperature_celsius=row.temperature_celsius,
        throttled=row.throttled,
    )

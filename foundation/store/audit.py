"""The audit log: who changed what, from where, and how it ended. It only grows, until its retention is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from pydantic import JsonValue, TypeAdapter
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from foundation.actors import Actor
from foundation.store.database import Store
from foundation.store.gathering import Gatherer, remove_in_pieces
from foundation.store.settings import put
from foundation.store.text import column_text
from protocol.problems import Problem, ProblemCode

MAX_DETAILS = 8 * 1024
"""Bytes of an entry's details as JSON; bigger ones are left out and marked ``{"left_out": bytes}``."""
MAX_PAGE = 500
KEEP_SECONDS = "audit.keep_seconds"
"""The settings row that the database's own guard reads: no entry younger than this can be removed by anybody."""
ColumnValue = str | int | None
"""What a column of the store's own may hold."""
_DETAILS: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. Ids grow with time; times are aware UTC."""

    id: int
    at: datetime
    who: str
    source: str
    action: str
    target: str
    result: str
    details: dict[str, JsonValue]
    columns: dict[str, ColumnValue] = field(default_factory=dict)
    """The columns of the store's own, by name."""


_EVERYWHERE = frozenset(one.name for one in fields(AuditEntry))


class AuditLog:
    """Appends to the audit log and reads it. Secrets must not be given to it.

    ``table`` comes from :func:`foundation.store.tables.audit_table`. Columns it has beyond those of every audit log
    are set and asked for by ``columns``; a name that is none of theirs raises :class:`ValueError`.

    Entries that are made at the same time are stored by one transaction: each costs a write to the disk otherwise.
    """

    def __init__(
        self, store: Store, table: sa.Table, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._table = table
        self._clock = clock
        self._more = {column.name: column for column in table.c if column.name not in _EVERYWHERE}
        self._gatherer = Gatherer(self._append)

    async def record(
        self,
        actor: Actor,
        action: str,
        target: str,
        result: str = "ok",
        details: Mapping[str, JsonValue] | None = None,
        *,
        columns: Mapping[str, ColumnValue] | None = None,
    ) -> None:
        """Append an entry; it is stored when this returns. Too long texts are cut.

        ``result`` is ``ok`` or the code of the problem. Raises :class:`Problem` where it cannot be stored.
        """
        values = {
            "at": self._clock(),
            "who": column_text(actor.name, 64),
            "source": column_text(actor.source, 64),
            "action": column_text(action, 64),
            "target": column_text(target, 512),
            "result": column_text(result, 64),
            "details": _bounded(dict(details or {})),
            **dict.fromkeys(self._more),
            **self._checked(columns),
        }
        await self._gatherer.add(values)

    async def entries(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        action: str | None = None,
        columns: Mapping[str, ColumnValue] | None = None,
    ) -> list[AuditEntry]:
        """Entries with these ``columns``, newest first: at most ``limit`` (1 to 500) with an id below ``before``."""
        audit = self._table
        query = self._select(columns).order_by(audit.c.id.desc()).limit(min(max(limit, 1), MAX_PAGE))
        if before is not None:
            query = query.where(audit.c.id < before)
        if action is not None:
            query = query.where(audit.c.action == action)
        async with self._store.read() as connection:
            return [self._entry(row) for row in await connection.execute(query)]

    async def export(self, *, columns: Mapping[str, ColumnValue] | None = None) -> AsyncIterator[AuditEntry]:
        """Every entry there is now with these ``columns``, oldest first.

        Read in pages, so that neither memory nor a lock is held.
        """
        audit, query = self._table, self._select(columns)
        async with self._store.read() as connection:
            last = await connection.scalar(sa.select(sa.func.max(audit.c.id))) or 0
        after = 0
        while True:
            page = query.where(audit.c.id > after, audit.c.id <= last).order_by(audit.c.id).limit(MAX_PAGE)
            async with self._store.read() as connection:
                entries = [self._entry(row) for row in await connection.execute(page)]
            for entry in entries:
                yield entry
            if not entries:
                return
            after = entries[-1].id

    async def prune(self, keep: timedelta) -> int:
        """Set the retention and remove what is older; the answer is how many entries went.

        Raises :class:`Problem` CONFLICT where the database's clock says that an entry is too young to go.
        """
        if keep < timedelta(0):
            raise ValueError("a retention is not negative")
        # A second apart, because the database compares with its own clock.
        oldest = self._clock() - keep - timedelta(seconds=1)
        try:
            async with self._store.begin() as connection:
                await put(connection, KEEP_SECONDS, keep.total_seconds())
            return await remove_in_pieces(self._store, self._table, self._table.c.at < oldest)
        except IntegrityError:
            raise Problem(
                ProblemCode.CONFLICT, "The audit log's database has another time than this device. Set the clocks."
            ) from None

    async def _append(self, entries: Sequence[dict[str, object]]) -> None:
        async with self._store.begin() as connection:
            await connection.execute(sa.insert(self._table), entries)

    def _select(self, columns: Mapping[str, ColumnValue] | None) -> sa.Select[*tuple[object, ...]]:
        wanted = self._checked(columns)
        return sa.select(self._table).where(*[self._more[name] == value for name, value in wanted.items()])

    def _checked(self, columns: Mapping[str, ColumnValue] | None) -> dict[str, ColumnValue]:
        unknown = sorted(set(columns or ()) - set(self._more))
        if unknown:
            raise ValueError(f"the audit log has no columns of the store's own called {', '.join(unknown)}")
        return dict(columns or {})

    def _entry(self, row: Row[*tuple[object, ...]]) -> AuditEntry:
        values = dict(row._mapping)
        columns = {name: values.pop(name) for name in self._more}
        return AuditEntry(**values, columns=columns)


def _bounded(details: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(_DETAILS.dump_json(details))
    return details if size <= MAX_DETAILS else {"left_out": size}

"""The audit log: who changed what, from where, and how it ended. It only grows, until its retention is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from pydantic import JsonValue, TypeAdapter
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from gateway.accounts.types import Actor
from gateway.store.database import Store
from gateway.store.settings import put
from gateway.store.tables import audit
from gateway.store.text import column_text
from protocol.problems import Problem, ProblemCode

MAX_DETAILS = 8 * 1024
"""Bytes of an entry's details as JSON; bigger ones are left out and marked ``{"left_out": bytes}``."""
MAX_PAGE = 500
KEEP_SECONDS = "audit.keep_seconds"
"""The settings row that the database's own guard reads: no entry younger than this can be removed by anybody."""
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


class AuditLog:
    """Appends to the audit log and reads it. Secrets must not be given to it."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self,
        actor: Actor,
        action: str,
        target: str,
        result: str = "ok",
        details: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Append an entry; too long texts are cut. ``result`` is ``ok`` or the code of the problem.

        Raises :class:`Problem` where it cannot be stored.
        """
        values = {
            "at": self._clock(),
            "who": column_text(actor.name, 64),
            "source": column_text(actor.source, 64),
            "action": column_text(action, 64),
            "target": column_text(target, 512),
            "result": column_text(result, 64),
            "details": _bounded(dict(details or {})),
        }
        async with self._store.begin() as connection:
            await connection.execute(sa.insert(audit).values(values))

    async def entries(
        self, *, before: int | None = None, limit: int = 50, action: str | None = None
    ) -> list[AuditEntry]:
        """Entries, newest first: at most ``limit`` (1 to 500) with an id below ``before``."""
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(min(max(limit, 1), MAX_PAGE))
        if before is not None:
            query = query.where(audit.c.id < before)
        if action is not None:
            query = query.where(audit.c.action == action)
        async with self._store.read() as connection:
            return [_entry(row) for row in await connection.execute(query)]

    async def export(self) -> AsyncIterator[AuditEntry]:
        """Every entry there is now, oldest first, read in pages so that neither memory nor a lock is held."""
        async with self._store.read() as connection:
            last = await connection.scalar(sa.select(sa.func.max(audit.c.id))) or 0
        after = 0
        while True:
            page = sa.select(audit).where(audit.c.id > after, audit.c.id <= last).order_by(audit.c.id).limit(MAX_PAGE)
            async with self._store.read() as connection:
                entries = [_entry(row) for row in await connection.execute(page)]
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
                removed = await connection.execute(sa.delete(audit).where(audit.c.at < oldest))
                return removed.rowcount
        except IntegrityError:
            raise Problem(
                ProblemCode.CONFLICT, "The audit log's database has another time than this device. Set the clocks."
            ) from None


def _bounded(details: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(_DETAILS.dump_json(details))
    return details if size <= MAX_DETAILS else {"left_out": size}


def _entry(row: Row[*tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(**row._mapping)

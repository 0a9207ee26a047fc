"""The sessions a device knows of, live and ended."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.store.database import Store
from gateway.sessions.records import SessionRecord
from gateway.store.tables import sessions


class SessionRecords:
    """Session records in the store. Every method raises :class:`Problem` where the database cannot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(self, record: SessionRecord) -> None:
        """Keep a record, instead of an older one with its id."""
        values = asdict(record)
        async with self._store.begin() as connection:
            changed = await connection.execute(sa.update(sessions).where(sessions.c.id == record.id).values(values))
            if not changed.rowcount:
                await connection.execute(sa.insert(sessions).values(values))

    async def all(self) -> list[SessionRecord]:
        """Every record, oldest first."""
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(sessions).order_by(sessions.c.created_at, sessions.c.id))
            return [_record(row) for row in rows]

    async def get(self, session_id: str) -> SessionRecord | None:
        """One record, None where there is none."""
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(sessions).where(sessions.c.id == session_id))
            row = rows.first()
            return None if row is None else _record(row)

    async def delete(self, session_id: str) -> None:
        """Forget a record; one that is not there is fine."""
        async with self._store.begin() as connection:
            await connection.execute(sa.delete(sessions).where(sessions.c.id == session_id))


def _record(row: Row[*tuple[object, ...]]) -> SessionRecord:
    return SessionRecord(**row._mapping)

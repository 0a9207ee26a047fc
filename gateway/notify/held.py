"""Notices that quiet hours hold back, in the store: a restart in the night does not forget them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from foundation.store.database import Store
from gateway.notify.types import Kind, Notice
from gateway.store.notify_tables import held

MAX_TITLE = 300
MAX_BODY = 1000
MAX_PATH = 200


class HeldRecords:
    """Rows of held notices. What a later version may have kept there and this one does not know is read over."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> list[tuple[datetime, Notice]]:
        """Every one with the moment at which it is to be told, the one that is due first first."""
        async with self._store.read() as connection:
            rows = (await connection.execute(sa.select(held).order_by(held.c.due_at))).all()
        kinds = {kind.value: kind for kind in Kind}
        return [
            (row.due_at, Notice(row.key, kinds[row.kind], row.title, row.body, row.path))
            for row in rows
            if row.kind in kinds
        ]

    async def put(self, due: datetime, notice: Notice) -> None:
        """Keep one; its texts are cut where they are long."""
        values = {
            "due_at": due,
            "kind": notice.kind.value,
            "title": notice.title[:MAX_TITLE],
            "body": notice.body[:MAX_BODY],
            "path": notice.path[:MAX_PATH],
        }
        async with self._store.begin() as connection:
            changed = await connection.execute(sa.update(held).where(held.c.key == notice.key).values(values))
            if not changed.rowcount:
                await connection.execute(sa.insert(held).values(key=notice.key, **values))

    async def drop(self, keys: Sequence[str]) -> None:
        """Forget some."""
        async with self._store.begin() as connection:
            await connection.execute(sa.delete(held).where(held.c.key.in_(keys)))

"""Full-text search over all messages."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from foundation.store.tables import UtcDateTime
from protocol.problems import Problem, ProblemCode

MAX_WORDS = 20
"""Words of one question."""

_SQLITE = """
SELECT m.id, m.conversation_id, m.role, m.created_at, f.snippet
FROM (SELECT rowid AS seq, rank AS place, snippet(messages_fts, 0, char(2), char(3), '…', 16) AS snippet
      FROM messages_fts WHERE messages_fts MATCH :words ORDER BY rank LIMIT :limit) f
CROSS JOIN messages m ON m.seq = f.seq ORDER BY f.place"""

_POSTGRESQL = """
SELECT m.id, m.conversation_id, m.role, m.created_at,
       ts_headline('simple', m.text, to_tsquery('simple', :words),
                   'MaxFragments=1, MaxWords=16, MinWords=8, StartSel=' || chr(2) || ', StopSel=' || chr(3)) AS snippet
FROM messages m WHERE to_tsvector('simple', m.text) @@ to_tsquery('simple', :words)
ORDER BY ts_rank(to_tsvector('simple', m.text), to_tsquery('simple', :words)) DESC LIMIT :limit"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that has the words; ``snippet`` has them between U+0002 and U+0003."""

    message_id: str
    conversation_id: str
    role: str
    at: datetime
    snippet: str


class SearchRecords:
    """Finds messages by their words: all of them have to be there, the last one may be the beginning of one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, text: str, limit: int) -> Sequence[Hit]:
        """The best first; nothing for a text without a word in it."""
        words = _words(text)
        if not words:
            return []
        async with self._store.glance() as connection:
            if connection.dialect.name == "sqlite":
                return await _find_in_sqlite(connection, words, limit)
            query = sa.text(_POSTGRESQL).columns(created_at=UtcDateTime)
            rows = await connection.execute(query, {"words": _tsquery(words), "limit": limit})
            return [Hit(row.id, row.conversation_id, row.role, row.created_at, row.snippet) for row in rows]


async def _find_in_sqlite(connection: AsyncConnection, words: Sequence[str], limit: int) -> Sequence[Hit]:
    """With one message to the thread of the driver instead of five, which would take longer than the search itself."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if driver is None:
        raise Problem(ProblemCode.UNAVAILABLE, "The store is closed. Try again in a moment.")
    try:
        rows = await driver.execute_fetchall(_SQLITE, {"words": _fts5(words), "limit": limit})
    except sqlite3.Error as error:
        raise Problem(ProblemCode.UNAVAILABLE, "The store cannot be searched. See the log.") from error
    return [Hit(row[0], row[1], row[2], datetime.fromisoformat(row[3]).replace(tzinfo=UTC), row[4]) for row in rows]


def _words(text: str) -> list[str]:
    """Letters and digits only: what is left can be no syntax of a query language."""
    return "".join(char if char.isalnum() else " " for char in text).split()[:MAX_WORDS]


def _fts5(words: Sequence[str]) -> str:
    return " ".join(f'"{word}"' for word in words) + "*"


def _tsquery(words: Sequence[str]) -> str:
    return " & ".join(f"'{word}'" for word in words) + ":*"

"""A search over many messages, beside the bare query of SQLite's full-text index."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from bench.conversations.rig import Rig
from foundation.store.database import Store
from gateway.conversations.records.search import SearchRecords
from gateway.store.schema import DEVICE_SCHEMA

MESSAGES = 10_000
CONVERSATIONS = 20
WORDS = 60
"""Words of a message."""
VOCABULARY = 4_000
QUERIES = 40
LIMIT = 50
_BARE = """SELECT rowid, snippet(messages_fts, 0, char(2), char(3), '…', 16) FROM messages_fts
WHERE messages_fts MATCH ? ORDER BY rank LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Searched:
    """Medians in ms: the bare query, ours in the daemon's code, and ours over REST with the conversations found."""

    bare: float
    ours: float
    rest: float


async def searched(rig: Rig) -> Searched:
    """Fill the device's store and search it in three ways for the same words."""
    names = [
        (await rig.hutch.call("POST", "/api/conversations", {"cli": rig.clis[0]}))["id"] for _ in range(CONVERSATIONS)
    ]
    database = rig.hutch.folder / "data" / "hutch.db"
    chance = random.Random(1)  # noqa: S311 - the same words in every run, no secrets
    await asyncio.to_thread(_fill, database, names, chance)
    words = [f"word{chance.randrange(VOCABULARY // 4)}" for _ in range(QUERIES)]
    bare = await asyncio.to_thread(_bare, database, words)
    store = await Store.open(f"sqlite+aiosqlite:///{database}", DEVICE_SCHEMA)
    try:
        records = SearchRecords(store)
        ours = await _timed(words, lambda word: records.find(word, LIMIT))
    finally:
        await store.close()
    rest = await _timed(words, lambda word: rig.hutch.call("GET", f"/api/search?q={quote(word)}&limit={LIMIT}"))
    return Searched(bare, ours, rest)


def _fill(database: Path, conversations: Sequence[str], chance: random.Random) -> None:
    # Few words come often and most seldom, as in a language.
    def text() -> str:
        return " ".join(f"word{int(chance.paretovariate(0.6)) % VOCABULARY}" for _ in range(WORDS))

    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    rows = [
        (f"msg_bench{number:011}", chance.choice(conversations), "trn_bench", "agent", "", at, at, text())
        for number in range(MESSAGES)
    ]
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.executemany(
            """INSERT INTO messages (id, conversation_id, turn_id, role, "by", created_at, completed_at, text)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            rows,
        )


def _bare(database: Path, words: Sequence[str]) -> float:
    taken = []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for word in words:
            begun = time.perf_counter()
            connection.execute(_BARE, (f'"{word}"*', LIMIT)).fetchall()
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


async def _timed(words: Sequence[str], ask: Callable[[str], Awaitable[object]]) -> float:
    taken = []
    for word in words:
        begun = time.perf_counter()
        await ask(word)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000

"""Which schema this program knows, and whether it may work on the one it finds. No Alembic here: it costs memory."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa

from gateway.store.light import AsyncConnection
from gateway.store.tables import settings
from protocol.problems import Problem, ProblemCode

REVISIONS = ("0001",)
"""Every revision in gateway/store/migrations/versions, oldest first. A test compares the two."""
HEAD = REVISIONS[-1]
NEEDS = "schema.needs"
"""The settings row a migration writes: the oldest revision a program has to know to work on this store."""


class Standing(Enum):
    """How a store's schema stands to this program."""

    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    """Newer, by additions that a program of our age may ignore."""


async def standing(connection: AsyncConnection) -> Standing:
    """Compare the store's schema with ours. Raises :class:`Problem` for one that is too new to touch."""
    tables = await connection.run_sync(lambda sync: set(sa.inspect(sync).get_table_names()))
    if "alembic_version" not in tables:
        return Standing.BEHIND
    revision = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if revision is None or revision in REVISIONS[:-1]:
        return Standing.BEHIND
    if revision == HEAD:
        return Standing.CURRENT
    needs = await connection.scalar(sa.select(settings.c.value).where(settings.c.name == NEEDS))
    if needs in REVISIONS:
        return Standing.AHEAD
    raise Problem(
        ProblemCode.UNAVAILABLE,
        "The store was written by a newer version of Hutch. Start that version, or bring back a backup of this one.",
        {"found": str(revision), "known": HEAD},
    )

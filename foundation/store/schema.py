"""Which schema this program knows, and whether it may work on the one it finds. No Alembic here: it costs memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import sqlalchemy as sa

from foundation.store.light import AsyncConnection
from foundation.store.tables import SETTINGS
from protocol.problems import Problem, ProblemCode

NEEDS = "schema.needs"
"""The settings row a migration writes: the oldest revision a program has to know to work on this store."""


@dataclass(frozen=True)
class Schema:
    """The tables a program works on, by the migrations that make them. One of the tables is ``settings``."""

    migrations: Path
    """Alembic's script location: an ``env.py`` that calls :func:`foundation.store.alembic_env.run`, and versions."""
    revisions: tuple[str, ...]
    """Every revision in that folder, oldest first; at least one."""

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


class Standing(Enum):
    """How a store's schema stands to this program."""

    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    """Newer, by additions that a program of our age may ignore."""


async def standing(connection: AsyncConnection, schema: Schema) -> Standing:
    """Compare the store's schema with the program's. Raises :class:`Problem` for one that is too new to touch."""
    tables = await connection.run_sync(lambda sync: set(sa.inspect(sync).get_table_names()))
    if "alembic_version" not in tables:
        return Standing.BEHIND
    revision = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if revision is None or revision in schema.revisions[:-1]:
        return Standing.BEHIND
    if revision == schema.head:
        return Standing.CURRENT
    needs = await connection.scalar(sa.select(SETTINGS.c.value).where(SETTINGS.c.name == NEEDS))
    if needs in schema.revisions:
        return Standing.AHEAD
    raise Problem(
        ProblemCode.UNAVAILABLE,
        "The store was written by a newer version of Hutch. Start that version, or bring back a backup of this one.",
        {"found": str(revision), "known": schema.head},
    )

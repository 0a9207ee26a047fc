"""The store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import sqlalchemy as sa

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from foundation.store.engine import make_engine, store_url
from foundation.store.failures import store_problems
from foundation.store.schema import NEEDS, Standing, standing
from foundation.store.tables import SETTINGS
from gateway.store.schema import DEVICE_SCHEMA
from protocol.problems import Problem


def check(_settings: Settings, layout: Layout) -> Finding:
    """It opens and can be written; one that is behind is brought forward by the next start."""
    try:
        stands = asyncio.run(_look(layout.database_url))
    except Problem as problem:
        return Finding(Verdict.FAIL, problem.message)
    if stands is None:
        return Finding(Verdict.OK, "is made with the first start")
    if stands is Standing.BEHIND:
        return Finding(Verdict.WARN, "is of an older version; the next start brings it forward. Keep a backup.")
    return _fine(stands)


def check_after_start(_settings: Settings, layout: Layout) -> Finding:
    """It opens, was brought to this version, and can be written."""
    try:
        stands = asyncio.run(_look(layout.database_url))
    except Problem as problem:
        return Finding(Verdict.FAIL, problem.message)
    if stands is None:
        return Finding(Verdict.FAIL, "There is no store, although the daemon was started. See its log.")
    if stands is Standing.BEHIND:
        return Finding(Verdict.FAIL, "The store was not brought to this version. See the daemon's log.")
    return _fine(stands)


def _fine(stands: Standing) -> Finding:
    return Finding(Verdict.OK, "opens and can be written" + (", made by a newer version" * (stands is Standing.AHEAD)))


async def _look(address: str) -> Standing | None:
    """How the store stands; None where there is none. Raises Problem for one that cannot be read or written."""
    url = store_url(address)
    if url.get_backend_name() == "sqlite" and not await asyncio.to_thread(Path(url.database or "").exists):
        return None
    engine = make_engine(url)
    try:
        with store_problems():
            async with engine.connect() as connection:
                stands = await standing(connection, DEVICE_SCHEMA)
                if stands is not Standing.BEHIND:
                    # Written and taken back: a full or read-only disk is found out here.
                    same = sa.update(SETTINGS).where(SETTINGS.c.name == NEEDS).values(value=SETTINGS.c.value)
                    await connection.execute(same)
                await connection.rollback()
                return stands
    finally:
        await engine.dispose()

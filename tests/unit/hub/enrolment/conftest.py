from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from hub.store.schema import HUB_SCHEMA
from tests.stores import hub_database_at, hub_file_in
from tests.unit.hub.enrolment.rig import Rig, make_rig


@pytest.fixture
def database() -> str:
    """Which database a test runs on; modules whose statements matter run on both."""
    return "sqlite"


@pytest.fixture
def url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The test's own store."""
    if database == "sqlite":
        return hub_file_in(tmp_path)
    return hub_database_at(request.getfixturevalue("postgres"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url, HUB_SCHEMA)
    yield store
    await store.close()


@pytest.fixture
async def hub(store: Store) -> AsyncIterator[Rig]:
    rig = await make_rig(store)
    yield rig
    await rig.enrolment.close()

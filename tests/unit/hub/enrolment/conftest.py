from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from foundation.store.migrate import migrate
from hub.store.schema import HUB_SCHEMA
from tests.unit.hub.enrolment.rig import Rig, make_rig


@pytest.fixture(scope="session")
def empty_hub_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store, copied for each test: a migration takes longer than most of them."""
    path = tmp_path_factory.mktemp("hub-store") / "hub.db"
    migrate(f"sqlite:///{path}", HUB_SCHEMA.migrations)
    return path


@pytest.fixture
async def store(empty_hub_store: Path, tmp_path: Path) -> AsyncIterator[Store]:
    path = tmp_path / "hub.db"
    await asyncio.to_thread(shutil.copyfile, empty_hub_store, path)
    store = await Store.open(f"sqlite:///{path}", HUB_SCHEMA)
    yield store
    await store.close()


@pytest.fixture
async def hub(store: Store) -> AsyncIterator[Rig]:
    rig = await make_rig(store)
    yield rig
    await rig.enrolment.close()

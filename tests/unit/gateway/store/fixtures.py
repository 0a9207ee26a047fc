"""A store for a test: a copy of one that was migrated once, because a migration starts a process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from gateway.store.schema import DEVICE_SCHEMA


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that holds nothing yet."""
    path = tmp_path_factory.mktemp("store") / "hutch.db"

    async def make() -> None:
        await (await Store.open(f"sqlite:///{path}", DEVICE_SCHEMA)).close()

    asyncio.run(make())
    return path


@pytest.fixture
def store_file(empty_store: Path, tmp_path: Path) -> Path:
    """A copy of the empty store."""
    return Path(shutil.copy(empty_store, tmp_path / "hutch.db"))


@pytest.fixture
async def store(store_file: Path) -> AsyncIterator[Store]:
    """The copy, opened."""
    store = await Store.open(f"sqlite:///{store_file}", DEVICE_SCHEMA)
    yield store
    await store.close()

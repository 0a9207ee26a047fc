from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from tests.integration.hub.enrolment.rig import HubRig, running_hub
from tests.unit.hub.enrolment.conftest import database, empty, empty_hub_database, empty_hub_store, postgres, store

__all__ = ["database", "empty", "empty_hub_database", "empty_hub_store", "postgres", "store"]


@pytest.fixture
async def rig(store: Store, tmp_path: Path) -> AsyncIterator[HubRig]:
    async with running_hub(store, tmp_path) as running:
        yield running

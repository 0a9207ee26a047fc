from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from tests.integration.hub.enrolment.rig import HubRig, running_hub
from tests.unit.hub.enrolment.conftest import database, store, url

__all__ = ["database", "store", "url"]


@pytest.fixture
async def rig(store: Store, tmp_path: Path) -> AsyncIterator[HubRig]:
    async with running_hub(store, tmp_path) as running:
        yield running

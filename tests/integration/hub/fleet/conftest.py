from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.store.database import Store
from hub.ports import DeviceRow
from tests.integration.hub.enrolment.rig import HubRig, running_hub
from tests.unit.hub.enrolment.conftest import database, store, url
from tests.unit.hub.fleet.stores import add_devices

__all__ = ["database", "store", "url"]


@pytest.fixture
async def rig(store: Store, tmp_path: Path) -> AsyncIterator[HubRig]:
    """A hub with the devices ``pi`` (of the group that olga and vera see), ``attic`` and ``theirs``."""
    async with running_hub(store, tmp_path) as running:
        org = running.hub.people.organisations
        other = await org.find_group(running.other_group)
        home = await org.find_group(running.group)
        assert other is not None
        assert home is not None
        for name, group in (("pi", home), ("attic", await org.find_group(running.second_group)), ("theirs", other)):
            assert group is not None
            row = DeviceRow(name, group.organisation_id, group.id, name)
            await add_devices(store, [row.id], group_id=row.group_id, organisation_id=row.organisation_id)
        yield running

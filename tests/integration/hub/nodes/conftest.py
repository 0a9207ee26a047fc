"""A bus of each kind, and a NATS server that a test may stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.nodes.bus import Bus
from hub.nodes.local_bus import LocalBus
from hub.nodes.nats_bus import NatsBus
from tests.nats import NatsServer


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = await NatsServer(tmp_path).start()
    yield server
    await server.stop()


@pytest.fixture(params=["local", "nats"])
async def buses(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two ends of one bus: for NATS two connections, in one process twice the same."""
    if request.param == "local":
        local = LocalBus()
        yield local, local
        await local.close()
        return
    server = await NatsServer(tmp_path).start()
    one, other = NatsBus(server.url, name="one"), NatsBus(server.url, name="other")
    assert await one.start()
    assert await other.start()
    yield one, other
    await one.close()
    await other.close()
    await server.stop()

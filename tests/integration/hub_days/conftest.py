"""Servers that a test may stop: a nats-server of its own, and this run's PostgreSQL with an empty hub in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.hub.rig import postgresql_hub
from tests.integration.hub_days.town import Town, town
from tests.nats import NatsServer

__all__ = ["postgresql_hub"]


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = await NatsServer(tmp_path).start()
    yield server
    await server.stop()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Town]:
    """One hub on SQLite."""
    async with town(tmp_path / "hub") as made:
        yield made


@pytest.fixture
async def on_postgresql(tmp_path: Path, postgresql_hub: str) -> AsyncIterator[Town]:
    """One hub on PostgreSQL."""
    async with town(tmp_path / "hub", {"HUTCH_HUB_DATABASE_URL": postgresql_hub}) as made:
        yield made

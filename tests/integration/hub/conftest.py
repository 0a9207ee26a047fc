from __future__ import annotations

from tests.integration.hub.rig import (
    empty_hub_database,
    empty_hub_file,
    hub_file,
    hub_url,
    postgresql_hub,
    rig,
    sqlite_hub,
    world,
)
from tests.postgres import postgres, postgres_url

__all__ = [
    "empty_hub_database",
    "empty_hub_file",
    "hub_file",
    "hub_url",
    "postgres",
    "postgres_url",
    "postgresql_hub",
    "rig",
    "sqlite_hub",
    "world",
]

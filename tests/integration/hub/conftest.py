from __future__ import annotations

from tests.integration.hub.rig import hub_file, hub_url, postgresql_hub, rig, sqlite_hub, world

__all__ = ["hub_file", "hub_url", "postgresql_hub", "rig", "sqlite_hub", "world"]

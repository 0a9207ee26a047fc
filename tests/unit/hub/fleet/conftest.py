from __future__ import annotations

from tests.unit.hub.fleet.stores import filled_file, postgresql, store

__all__ = ["filled_file", "postgresql", "store"]

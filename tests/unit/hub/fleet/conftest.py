from __future__ import annotations

from tests.unit.hub.fleet.stores import either, filled_file, server, store

__all__ = ["either", "filled_file", "server", "store"]

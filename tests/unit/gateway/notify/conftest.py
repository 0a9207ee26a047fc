from __future__ import annotations

from tests.unit.gateway.store.fixtures import empty_store, store, store_file

__all__ = ["empty_store", "store", "store_file"]

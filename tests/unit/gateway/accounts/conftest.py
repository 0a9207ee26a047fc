from __future__ import annotations

from tests.unit.gateway.accounts.fixtures import ann, device, fresh
from tests.unit.gateway.store.fixtures import empty_store, store, store_file

__all__ = ["ann", "device", "empty_store", "fresh", "store", "store_file"]

"""The schema of a device's store."""

from __future__ import annotations

from pathlib import Path

from foundation.store.schema import Schema

DEVICE_SCHEMA = Schema(migrations=Path(__file__).parent / "migrations", revisions=("0001", "0002", "0003", "0004"))
"""Every revision in gateway/store/migrations/versions, oldest first. A test compares the two."""

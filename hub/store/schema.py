"""Which revisions of the hub's store this program knows."""

from __future__ import annotations

from pathlib import Path

from foundation.store.schema import Schema

HUB_SCHEMA = Schema(
    migrations=Path(__file__).parent / "migrations",
    revisions=("0001_people", "0002_devices", "0003_fleet", "0004_nodes", "0005_rollouts"),
)
"""Each part adds the revision of its tables, in the order of the chain."""

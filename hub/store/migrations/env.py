"""Run by Alembic for the store of a hub."""

from foundation.store.alembic_env import run
from hub.store.tables.every import METADATA

run(METADATA)

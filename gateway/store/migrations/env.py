"""Run by Alembic for the store of a device."""

from foundation.store.alembic_env import run
from gateway.store.tables import metadata

run(metadata)

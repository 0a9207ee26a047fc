"""Run by Alembic for the ledger."""

from foundation.store.alembic_env import run
from tests.doubles.ledger.schema import metadata

run(metadata)

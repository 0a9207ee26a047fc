"""The ledger's tables and the schema that makes them."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from foundation.store.schema import Schema
from foundation.store.tables import NAMES, audit_table, settings_table

metadata = sa.MetaData(naming_convention=NAMES)
settings = settings_table(metadata)
audit = audit_table(metadata, sa.Column("shelf", sa.String(64)), sa.Column("number", sa.Integer))
LEDGER = Schema(migrations=Path(__file__).parent, revisions=("0001",))

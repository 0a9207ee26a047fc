"""What the hub's tables are gathered in."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import NAMES, settings_table

METADATA = sa.MetaData(naming_convention=NAMES)

settings = settings_table(METADATA)

"""What all tables of a device belong to."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import NAMES

metadata = sa.MetaData(naming_convention=NAMES)

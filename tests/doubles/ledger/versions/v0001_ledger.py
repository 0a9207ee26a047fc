"""The ledger's only schema.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from foundation.store.guards import audit_guards
from tests.doubles.ledger.schema import metadata, settings

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the audit log's guards."""
    metadata.create_all(op.get_bind())
    op.bulk_insert(
        settings, [{"name": "schema.needs", "value": "0001"}, {"name": "audit.keep_seconds", "value": 24 * 3600}]
    )
    for statement in audit_guards(op.get_bind().dialect.name):
        op.execute(sa.text(statement))

"""The store: one SQLite file (or another database) behind SQLAlchemy, migrated by Alembic."""

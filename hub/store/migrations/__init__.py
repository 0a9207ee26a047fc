"""Alembic's environment and the revisions, run by :mod:`foundation.store.migrate`."""

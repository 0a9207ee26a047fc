"""Alembic's environment and the revisions, run by :mod:`gateway.store.migrate`."""

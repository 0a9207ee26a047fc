"""The hub's tables, one module for each part. :mod:`hub.store.tables.every` imports all of them."""

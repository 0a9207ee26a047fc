"""The hub's store: its tables, their migrations."""

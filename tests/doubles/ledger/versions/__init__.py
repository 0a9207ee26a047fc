"""The ledger's revisions."""

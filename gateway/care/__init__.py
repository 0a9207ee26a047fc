"""Looking after the whole device from its pages: backup, restore, factory reset, support bundle."""

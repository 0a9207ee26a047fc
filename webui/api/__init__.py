"""The REST API: one small handler per action, in one file per family."""

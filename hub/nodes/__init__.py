"""Several hub processes as one hub: the bus between them, presence, ports to devices elsewhere, queued commands."""

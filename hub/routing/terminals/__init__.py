"""Live terminals: many viewers of a session over one stream of output from its device."""

"""One agent CLI, spoken to over the Agent Client Protocol. The ``acp`` package is loaded when the first one starts."""

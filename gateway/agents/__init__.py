"""Agent CLIs: the programs a session can start, and how they are installed."""

"""Who may do what through the hub's web."""

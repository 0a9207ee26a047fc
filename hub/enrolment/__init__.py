"""Who may connect, and how a device becomes somebody's."""

"""Notifications: alerts told to people where they are, once for each alert and target."""

"""Notifications: an agent that waits for a person, is done, or failed, told where the person is. One for each event."""

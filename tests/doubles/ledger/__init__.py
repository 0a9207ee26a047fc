"""A store that is no device's: settings, and an audit log with columns of its own."""

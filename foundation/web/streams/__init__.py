"""Streams that stay open: their beat, their logins, server-sent events."""

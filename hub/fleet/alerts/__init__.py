"""Alerts: what needs a look, raised once and cleared by itself."""

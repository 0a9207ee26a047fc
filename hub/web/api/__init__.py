"""The REST API of the hub."""

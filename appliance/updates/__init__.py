"""Bringing this device to another version: what all ways share, and the image's way over RAUC in ``rauc``."""

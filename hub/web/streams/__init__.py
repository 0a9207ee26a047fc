"""Sockets of the hub that stay open: terminals."""

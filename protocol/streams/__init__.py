"""Byte streams over the link: many at a time over the one socket, each with a window of its own."""

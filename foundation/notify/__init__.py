"""Telling people where they are: addresses, quiet hours, and one way to send, for the device and the hub."""

"""Terminals and byte streams of devices whose socket is on another node: bytes with credit, over the bus."""

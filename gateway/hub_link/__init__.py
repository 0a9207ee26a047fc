"""The link: the device side of the wire to a hub."""

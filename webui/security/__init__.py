"""Who people are on a device: what the gate of :mod:`foundation.web` asks the device about."""

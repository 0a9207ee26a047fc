"""What a device and a hub both stand on: private files, the store, passwords and secrets, the event bus, the web."""

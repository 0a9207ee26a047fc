"""The daemon core on the device: sessions, host, workspaces, store, events and the link to the hub."""

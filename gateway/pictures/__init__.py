"""Pictures of terminals, for people who look at a device from a script."""

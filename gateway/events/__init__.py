"""Events: everything that happens on the device, typed, on one bus."""

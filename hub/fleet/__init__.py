"""The fleet: what each device is doing, what happened to it, and what needs a look."""

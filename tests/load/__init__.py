"""Simulated devices and viewers, for the benches of the hub: bounded in number and in time."""

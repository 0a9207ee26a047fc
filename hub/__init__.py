"""The hub: the control plane of many devices."""

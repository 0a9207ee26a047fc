"""Rollouts: a release offered to the devices of a group, a few at first, and stopped when it does harm."""

"""The device as a service of the system that starts it: one description, one file for each kind of system."""

from __future__ import annotations

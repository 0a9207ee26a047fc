"""The device as a service of the system that starts it: one description, one file for each kind of system."""

from __future__ import annotations

from provisioning.services.launchd import Launchd
from provisioning.services.systemd import Systemd
from provisioning.services.types import Service, ServiceKind

__all__ = ["KINDS", "Service", "ServiceKind"]

KINDS: dict[str, ServiceKind] = {"systemd": Systemd(), "launchd": Launchd()}
"""Every kind by its name."""

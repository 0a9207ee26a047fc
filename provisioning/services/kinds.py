"""Every kind of service by its name."""

from __future__ import annotations

from provisioning.services.launchd import Launchd
from provisioning.services.systemd import Systemd
from provisioning.services.types import ServiceKind

KINDS: dict[str, ServiceKind] = {"systemd": Systemd(), "launchd": Launchd()}

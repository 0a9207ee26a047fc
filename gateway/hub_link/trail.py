"""What a hub changed on this device, for the audit log."""

from __future__ import annotations

import logging

from foundation.actors import Actor
from gateway.hub_link.services import HubAudit

log = logging.getLogger(__name__)
HUB = Actor("hub", source="hub")


class Trail:
    """Writes records for the hub. A log that cannot be written does not stop the work, but says so."""

    def __init__(self, audit: HubAudit) -> None:
        self._audit = audit

    async def record(self, action: str, target: str, result: str = "ok") -> None:
        """``result`` is ``ok`` or the code of the problem."""
        try:
            await self._audit.record(HUB, action, target, result)
        except Exception:
            log.exception("the audit log did not take %s by the hub", action)

"""What the page says of the link."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from protocol.events import PERMISSIONS, Permission

LinkState = Literal["off", "connecting", "unclaimed", "online", "waiting"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a person needs to claim this device at its hub."""

    code: str = field(repr=False)
    url: str
    expires_at: datetime
    """Aware UTC; a new code comes before."""

    @property
    def address(self) -> str:
        """For a QR code: the hub's page with the code behind the #, which no server is sent."""
        return f"{self.url}#{self.code}"


@dataclass(frozen=True, slots=True)
class HubStatus:
    """How the link is: off (no hub wanted), connecting (the first time), unclaimed, online, or waiting to try again."""

    state: LinkState
    url: str | None
    since: datetime
    """When it came into this state, aware UTC; for people only."""
    last_error: str | None = None
    """Why it is not online, as a sentence that says what to do."""
    has_key: bool = False
    """Whether the device shows a key of its own; a token else."""
    device_id: str = ""
    """What the hub knows this device by."""
    fingerprint: str | None = None
    """Of the device's key, as a person compares it: ``AB12 CD34 EF56 7890``. None with a token."""
    claim: Claim | None = None
    name: str | None = None
    """What the device is called at the hub."""
    organisation: str | None = None
    hub_changed: bool = False
    """The hub signs with another key than the one that was trusted first: nobody is let in on its word."""
    allows: tuple[Permission, ...] = PERMISSIONS

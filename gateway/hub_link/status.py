"""What the page says of the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LinkState = Literal["off", "connecting", "online", "waiting"]


@dataclass(frozen=True, slots=True)
class HubStatus:
    """How the link is: off (no hub wanted), connecting for the first time, online, or waiting to try again."""

    state: LinkState
    url: str | None
    since: datetime
    """When it came into this state, aware UTC; for people only."""
    last_error: str | None = None
    """Why it is not online, as a sentence that says what to do."""

"""What is kept of a session in the store, so that it is found again after a restart or a reboot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as the store keeps it. Times are aware UTC; its environment may hold secrets and is not here."""

    id: str
    name: str
    agent: str | None
    workdir: str
    returns: bool
    created_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    cols: int
    rows: int
    generation: int
    boot_id: str

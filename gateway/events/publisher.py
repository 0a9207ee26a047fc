"""What a part needs of the event bus when all it does is tell."""

from __future__ import annotations

from typing import Protocol

from gateway.events.types import AnyEvent


class Publisher(Protocol):
    """Anything events can be told to; the bus is one."""

    def publish(self, event: AnyEvent) -> None:
        """Tell everybody. Never blocks and never raises for a subscriber's sake."""

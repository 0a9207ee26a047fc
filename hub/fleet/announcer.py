"""Where events of this hub are told: to the readers of this node, and by listeners to the store and the other nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from foundation.bus import EventBus
from hub.events import AnyHubEvent

Listener = Callable[[AnyHubEvent], None]
"""Told an event; must not block and must not raise."""


class Publisher(Protocol):
    """Anything events can be told to."""

    def publish(self, event: AnyHubEvent) -> None:
        """Tell everybody. Never blocks and never raises for a reader's sake."""


class Announcer:
    """The bus of this node, and who else wants to know. An event is published on one node and relayed to the others."""

    def __init__(self, bus: EventBus[AnyHubEvent]) -> None:
        self.bus = bus
        self._here: list[Listener] = []
        self._elsewhere: list[Listener] = []

    def publish(self, event: AnyHubEvent) -> None:
        """Tell of something that happened on this node."""
        self.bus.publish(event)
        for listener in self._here:
            listener(event)

    def relayed(self, event: AnyHubEvent) -> None:
        """Tell of something that happened on another node: readers see it, nobody stores or relays it again."""
        self.bus.publish(event)
        for listener in self._elsewhere:
            listener(event)

    def on_publish(self, listener: Listener) -> None:
        """Have ``listener`` told of what happens on this node."""
        self._here.append(listener)

    def on_relayed(self, listener: Listener) -> None:
        """Have ``listener`` told of what happened on another node."""
        self._elsewhere.append(listener)

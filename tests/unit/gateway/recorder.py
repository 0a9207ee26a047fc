"""A publisher that remembers."""

from __future__ import annotations

from gateway.events.types import AnyEvent


class Recorder:
    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def publish(self, event: AnyEvent) -> None:
        self.events.append(event)

    def types(self) -> list[str]:
        return [event.type for event in self.events]

"""Which devices are on which other node, as far as this node has heard: for lists and pages, and to find the way.

The truth for a command is who listens on the bus; this is what can be asked without waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A device's node, since which connection of the device."""

    node_id: str
    epoch: int


class Directory:
    """Devices of other nodes. One that this node holds is not in it."""

    def __init__(self, node_id: str) -> None:
        self.node_id = node_id
        self._places: dict[str, Place] = {}
        self._missing: set[str] = set()

    def elsewhere(self, device_id: str) -> bool:
        """Whether another living node has it."""
        return device_id in self._places

    def place(self, device_id: str) -> Place | None:
        """Where it is, if elsewhere."""
        return self._places.get(device_id)

    def __len__(self) -> int:
        return len(self._places)

    def here(self, device_id: str) -> None:
        """Its socket is on this node now."""
        self._places.pop(device_id, None)

    def there(self, device_id: str, place: Place) -> bool:
        """Its socket is on another node; False when that is older than what is known."""
        known = self._places.get(device_id)
        if known is not None and known.epoch > place.epoch:
            return False
        self._places[device_id] = place
        return True

    def gone(self, device_id: str, node_id: str) -> bool:
        """It left that node; False when it was not known to be there."""
        known = self._places.get(device_id)
        if known is None or known.node_id != node_id:
            return False
        del self._places[device_id]
        return True

    def looked(self, living: frozenset[str]) -> None:
        """These nodes live. One that is missing twice in a row is gone; at first it may be new."""
        missing = {place.node_id for place in self._places.values()} - living
        for node_id in missing & self._missing:
            self.lost(node_id)
        self._missing = missing

    def lost(self, node_id: str) -> list[str]:
        """The node is dead: its devices are nowhere."""
        devices = [device_id for device_id, place in self._places.items() if place.node_id == node_id]
        for device_id in devices:
            del self._places[device_id]
        return devices

    def replace(self, places: Iterable[tuple[str, Place]]) -> None:
        """Everything anew, from the store."""
        self._places = dict(places)

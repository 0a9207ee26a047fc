"""What the owner of a device lets the hub do, in words. The device enforces it; the hub offers nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.fleet.devices import DeviceView

_WORDS: Final = (
    ("health", "Health", "processor, memory, disk, heat"),
    ("terminals", "Terminals", "watch sessions and work in them"),
    ("pages", "Its own pages", "open what the device shows on its own network"),
    ("files", "Files", "upload and download"),
    ("keys", "SSH keys", "who may log in over SSH"),
    ("agents", "Agents", "install agent CLIs"),
    ("update", "Updates", "take part in rollouts"),
)


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that a device may let the hub do."""

    name: str
    words: str
    allowed: bool


def allows(device: DeviceView, what: str) -> bool:
    """Whether the device lets the hub do something; one that says nothing lets it do everything."""
    return device.allows is None or what in device.allows


def permissions_of(device: DeviceView) -> Sequence[Permission]:
    """Everything that may be allowed, and whether it is."""
    return [Permission(name, words, allows(device, key)) for key, name, words in _WORDS]

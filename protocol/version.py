"""The version of the wire: one integer, and what each number brought.

A version is raised only when a message that exists changes its meaning. New message types and new optional fields do
not raise it: readers ignore what they do not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

SCHEMA_VERSION: Final = 1
"""The version this program speaks."""

WireVersion = Literal["1"]
"""How the version stands in a message: as a string."""

WIRE_VERSION: Final[WireVersion] = "1"


@dataclass(frozen=True, slots=True)
class Change:
    """One dated step of the wire. ``version`` is the schema version that was spoken from that day on."""

    version: int
    on: date
    what: str


HISTORY: Final[tuple[Change, ...]] = (
    Change(1, date(2026, 11, 21), "The wire as deployed gateways speak it: commands, events and binary frames."),
    Change(
        1,
        date(2026, 11, 21),
        "session.snapshot may tell seq, scrollback, modes and title, so that live output follows without a gap.",
    ),
    Change(
        1,
        date(2026, 11, 21),
        "A device may have a key of its own: gateway.challenge, gateway.proof, gateway.unclaimed, gateway.welcome, "
        "key.rotate, key.rotated and gateway.key_accepted.",
    ),
    Change(
        1,
        date(2026, 11, 21),
        "gateway.policy and session.changed; hello may tell features, model, allows and rollback, health the "
        "temperature, throttling and more of each session.",
    ),
    Change(1, date(2026, 11, 21), "Streams to the device's web: stream.open, window, end and close, frame kind 0x03."),
)
"""Oldest first."""

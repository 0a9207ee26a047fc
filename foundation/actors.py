"""Who acts, as the audit log names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something and from where, for the audit log: a person's name, ``hub`` or ``hutch`` itself."""

    name: str
    source: str
    """An IP address, ``console``, ``hub`` or ``device``."""

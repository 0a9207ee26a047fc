"""``hutch broker``: what starts programs in the agents' account. It has no settings but its own arguments."""

from __future__ import annotations

from gateway.programs.broker import main

__all__ = ["main"]

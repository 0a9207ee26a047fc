"""What rollouts ask of the other parts of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Versions(Protocol):
    """Which version of Hutch devices run."""

    async def versions(self, device_ids: Sequence[str]) -> Mapping[str, str]:
        """The versions that are known, by device id."""
        ...

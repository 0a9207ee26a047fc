"""What rollouts ask of the other parts of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from foundation.store.light import AsyncConnection


class Versions(Protocol):
    """Which version of Hutch devices run."""

    async def versions(self, connection: AsyncConnection, device_ids: Sequence[str]) -> Mapping[str, str]:
        """The versions that are known, by device id.

        Read over the ``connection`` of the caller, who holds a transaction: to wait for another one while all of them
        wait for this transaction would be to wait for ever.
        """
        ...

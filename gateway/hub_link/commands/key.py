"""key.rotate: another key for this device."""

from __future__ import annotations

import asyncio

from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.prover import rotated
from gateway.hub_link.services import DeviceKeyStore
from protocol.commands import KeyRotate


class KeyCommands:
    """The handler of the family."""

    def __init__(self, keys: DeviceKeyStore) -> None:
        self._keys = keys

    async def rotate(self, command: KeyRotate) -> Reply:
        """Make a key and have the old one vouch for it; it counts once the hub says gateway.key_accepted."""
        rotation = await asyncio.to_thread(self._keys.rotate)
        return Reply((rotated(rotation, command.request_id),))

"""The devices of the hub: found, renamed, moved, revoked, removed."""

from __future__ import annotations

from foundation.store.database import Store
from hub.enrolment import statements
from hub.enrolment.lookup import Lookup
from hub.enrolment.types import Device


class DeviceRows:
    """The table of devices. Every method raises :class:`Problem` where the store cannot answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lookup = Lookup(self._find)

    async def get(self, device_id: str) -> Device | None:
        """A device as it is now, None where there is none. Thousands may ask at once (:mod:`hub.enrolment.lookup`)."""
        return await self._lookup.get(device_id)

    async def need(self, device_id: str) -> Device:
        """A device. Raises :class:`Problem` NOT_FOUND."""
        device = await self.get(device_id)
        if device is None:
            raise statements.no_device()
        return device

    async def of_group(self, group_id: int) -> list[Device]:
        """The devices of a group, by name."""
        async with self._store.read() as connection:
            return await statements.devices_of(connection, group_id)

    async def change(self, device_id: str, *, name: str | None = None, group_id: int | None = None) -> Device:
        """Rename a device, move it, or both. Raises :class:`Problem` NOT_FOUND, NAME_TAKEN."""
        async with self._store.begin() as connection:
            device = await statements.need_device(connection, device_id)
            group = device.group_id if group_id is None else group_id
            await statements.place_device(connection, device, group, device.name if name is None else name)
            return await statements.need_device(connection, device_id)

    async def revoke(self, device_id: str) -> Device:
        """Let a device in no more. Raises :class:`Problem` NOT_FOUND."""
        async with self._store.begin() as connection:
            await statements.revoke_device(connection, device_id)
            return await statements.need_device(connection, device_id)

    async def remove(self, device_id: str) -> Device:
        """Forget a device; the answer is what it was. Raises :class:`Problem` NOT_FOUND."""
        async with self._store.begin() as connection:
            device = await statements.need_device(connection, device_id)
            if not await statements.remove_device(connection, device):
                raise statements.no_device()
            return device

    async def swap_key(self, device_id: str, old: bytes, new: bytes) -> bool:
        """Replace the old key by the new one; False where the device has another key by now, or may not connect."""
        async with self._store.begin() as connection:
            return await statements.swap_key(connection, device_id, old, new)

    async def former_key(self, gateway_id: str) -> bytes | None:
        """The last key of a removed device that had rotated it."""
        async with self._store.read() as connection:
            return await statements.former_key(connection, gateway_id)

    async def close(self) -> None:
        """Stop looking up."""
        await self._lookup.close()

    async def _find(self, ids: list[str]) -> dict[str, Device]:
        async with self._store.read() as connection:
            return await statements.find_devices(connection, ids)

"""What every register of enrolment stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.enrolment import statements
from hub.enrolment.types import Device, NewDevice

MAX_DEVICES = 20_000


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ground:
    """The store, the time of day, and how many devices there may be."""

    store: Store
    now: Callable[[], datetime] = utc_now
    max_devices: int = MAX_DEVICES

    async def add_device(self, connection: AsyncConnection, new: NewDevice) -> Device:
        """Make a device a group's. Raises :class:`Problem` NOT_FOUND (the group), CONFLICT, NAME_TAKEN, TOO_MANY."""
        await statements.refuse_more_devices(connection, self.max_devices)
        return await statements.add_device(connection, new, self.now())

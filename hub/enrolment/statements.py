"""Statements about devices, run within the transaction of the caller."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.store.light import AsyncConnection
from foundation.store.text import column_text
from hub.enrolment.types import Device, DeviceState, NewDevice
from hub.store.tables.devices import MAX_NAME, devices, former_keys
from hub.store.tables.people import groups, organisations
from protocol.identity import key_id
from protocol.problems import Problem, ProblemCode

_DEVICE = (*devices.c, organisations.c.name.label("organisation"))
MAX_CLAIMED_BY = 128


async def find_devices(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Device]:
    """The devices among these ids that there are."""
    return {device.id: device for device in await _select(connection, devices.c.id.in_(ids))}


async def need_device(connection: AsyncConnection, device_id: str) -> Device:
    """One device. Raises :class:`Problem` NOT_FOUND."""
    found = await find_devices(connection, [device_id])
    if device_id not in found:
        raise no_device()
    return found[device_id]


async def devices_of(connection: AsyncConnection, group_id: int) -> list[Device]:
    """The devices of a group, by name."""
    return await _select(connection, devices.c.group_id == group_id)


async def add_device(connection: AsyncConnection, new: NewDevice, now: datetime) -> Device:
    """Make a device a group's. Raises :class:`Problem` NOT_FOUND (the group), CONFLICT, NAME_TAKEN."""
    organisation_id = await _lock_names(connection, new.group_id)
    same_key = devices.c.public_key == new.public_key if new.public_key is not None else sa.false()
    if await connection.scalar(sa.select(devices.c.id).where((devices.c.id == new.id) | same_key)):
        raise Problem(ProblemCode.CONFLICT, "This device belongs to somebody already. Remove it there first.")
    await _refuse_name(connection, organisation_id, new.name, new.id)
    values = {
        "id": new.id,
        "organisation_id": organisation_id,
        "group_id": new.group_id,
        "name": new.name,
        "public_key": new.public_key,
        "bearer_digest": new.bearer_digest,
        "state": DeviceState.ACTIVE.value,
        "created_at": now,
        "claimed_by": column_text(new.claimed_by, MAX_CLAIMED_BY),
    }
    await connection.execute(sa.insert(devices).values(values))
    await connection.execute(sa.delete(former_keys).where(former_keys.c.gateway_id == new.id))
    return await need_device(connection, new.id)


async def refuse_more_devices(connection: AsyncConnection, most: int) -> None:
    """Raise :class:`Problem` TOO_MANY where there are so many devices already."""
    if (await connection.scalar(sa.select(sa.func.count()).select_from(devices)) or 0) >= most:
        raise Problem(ProblemCode.TOO_MANY, f"This hub takes at most {most} devices. Remove one first.")


async def free_name(connection: AsyncConnection, group_id: int, wanted: str) -> str:
    """``wanted``, or it with the first number from 2 that no device of the organisation has; locks the names."""
    organisation_id = await _lock_names(connection, group_id)
    stem = "".join(letter for letter in wanted if letter.isprintable()).strip()[: MAX_NAME - 8] or "device"
    escaped = stem.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = sa.select(devices.c.name).where(
        devices.c.organisation_id == organisation_id, devices.c.name.like(f"{escaped}%", escape="\\")
    )
    taken = set((await connection.scalars(query)).all())
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


async def place_device(connection: AsyncConnection, device: Device, group_id: int, name: str) -> None:
    """Put a device into a group, also of another organisation, under a name. Raises NOT_FOUND, NAME_TAKEN."""
    organisation_id = await _lock_names(connection, group_id)
    await _refuse_name(connection, organisation_id, name, device.id)
    values = {"group_id": group_id, "organisation_id": organisation_id, "name": name}
    await connection.execute(sa.update(devices).where(devices.c.id == device.id).values(values))


async def revoke_device(connection: AsyncConnection, device_id: str) -> bool:
    """Let it in no more; False where it was revoked already."""
    active = (devices.c.id == device_id) & (devices.c.state == DeviceState.ACTIVE.value)
    changed = await connection.execute(sa.update(devices).where(active).values(state=DeviceState.REVOKED.value))
    return changed.rowcount == 1


async def remove_device(connection: AsyncConnection, device: Device) -> bool:
    """Forget a device but for a key that its id is not made of; False where it is gone already."""
    removed = await connection.execute(sa.delete(devices).where(devices.c.id == device.id))
    if removed.rowcount and device.public_key is not None and key_id(device.public_key) != device.id:
        values = {"gateway_id": device.id, "public_key": device.public_key}
        await connection.execute(sa.insert(former_keys).values(values))
    return removed.rowcount == 1


async def swap_key(connection: AsyncConnection, device_id: str, old: bytes, new: bytes) -> bool:
    """Replace the old key by the new one; False where the device has another key by now, or may not connect."""
    held = (devices.c.id == device_id) & (devices.c.public_key == old) & (devices.c.state == DeviceState.ACTIVE.value)
    changed = await connection.execute(sa.update(devices).where(held).values(public_key=new))
    return changed.rowcount == 1


async def former_key(connection: AsyncConnection, gateway_id: str) -> bytes | None:
    """The last key of a removed device that had rotated it."""
    return await connection.scalar(sa.select(former_keys.c.public_key).where(former_keys.c.gateway_id == gateway_id))


def no_device() -> Problem:
    """There is none, or none that this person may see."""
    return Problem(ProblemCode.NOT_FOUND, "There is no such device. Reload the list.")


async def _lock_names(connection: AsyncConnection, group_id: int) -> int:
    """The organisation of a group; nobody else names a device in it until the transaction ends."""
    query = (
        sa.select(organisations.c.id)
        .join(groups, groups.c.organisation_id == organisations.c.id)
        .where(groups.c.id == group_id)
        .with_for_update(of=organisations, key_share=True)
    )
    organisation_id: int | None = await connection.scalar(query)
    if organisation_id is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such group. Reload the list.")
    return organisation_id


async def _refuse_name(connection: AsyncConnection, organisation_id: int, name: str, device_id: str) -> None:
    taken = sa.select(devices.c.id).where(
        devices.c.organisation_id == organisation_id, devices.c.name == name, devices.c.id != device_id
    )
    if await connection.scalar(taken) is not None:
        message = f"The organisation has a device called {name} already. Choose another name."
        raise Problem(ProblemCode.NAME_TAKEN, message, {"name": name})


async def _select(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> list[Device]:
    query = (
        sa.select(*_DEVICE)
        .join(organisations, organisations.c.id == devices.c.organisation_id)
        .where(condition)
        .order_by(devices.c.name)
    )
    return [_device(row) for row in await connection.execute(query)]


def _device(row: Row[*tuple[object, ...]]) -> Device:
    fields = dict(row._mapping)
    return Device(**{**fields, "state": DeviceState(row.state)})

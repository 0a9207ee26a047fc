"""Mounting what is plugged in, through udisks (org.freedesktop.UDisks2), read-only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from appliance.updates.bus import Connect, Refused, Target

log = structlog.get_logger(__name__)

SERVICE: Final = "org.freedesktop.UDisks2"
_BLOCK: Final = f"{SERVICE}.Block"
_DRIVE: Final = f"{SERVICE}.Drive"
_FILESYSTEM: Final = f"{SERVICE}.Filesystem"
_MANAGER: Final = Target(SERVICE, "/org/freedesktop/UDisks2", "org.freedesktop.DBus.ObjectManager")
_MOST: Final = 8
_Objects = dict[str, dict[str, dict[str, object]]]
_OBJECTS: TypeAdapter[_Objects] = TypeAdapter(_Objects)


def mounting(connect: Connect) -> Callable[[], Awaitable[None]]:
    """What mounts every removable file system that is not mounted; silent where there is no udisks."""

    async def mount() -> None:
        # Loaded here, as in the bus.
        from dbus_fast.signature import Variant

        async with connect() as bus:
            try:
                objects = _OBJECTS.validate_python((await bus.call(_MANAGER, "GetManagedObjects"))[0])
            except (Refused, ValidationError):
                return
            for path in _unmounted(objects)[:_MOST]:
                options = {
                    "options": Variant("s", "ro,noexec,nosuid,nodev"),
                    "auth.no_user_interaction": Variant("b", True),
                }
                try:
                    await bus.call(Target(SERVICE, path, _FILESYSTEM), "Mount", "a{sv}", [options])
                except Refused as refused:
                    log.info("a medium cannot be mounted", path=path, reason=refused.words)

    return mount


def _unmounted(objects: _Objects) -> list[str]:
    found = []
    for path, interfaces in objects.items():
        if _FILESYSTEM not in interfaces or interfaces[_FILESYSTEM].get("MountPoints"):
            continue
        block = interfaces.get(_BLOCK, {})
        drive: Mapping[str, object] = objects.get(str(block.get("Drive", "")), {}).get(_DRIVE, {})
        removable = drive.get("Removable") is True or drive.get("ConnectionBus") == "usb"
        if removable and not block.get("HintSystem") and not block.get("HintIgnore"):
            found.append(path)
    return found

"""What enrolment tells the rest of the hub: events for those who watch, and audit entries for what no request did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from foundation.actors import Actor
from foundation.store.audit import AuditLog
from hub.enrolment.types import Device
from hub.events import AnyHubEvent, DeviceChanged, DeviceClaimed, DeviceDuplicated, DeviceRevoked
from hub.ports import DeviceRow

Publish = Callable[[AnyHubEvent], None]


class Trail:
    """Publishes, and records. Changes that a person asks for over the web are recorded there, by their route."""

    def __init__(self, audit: AuditLog, publish: Publish) -> None:
        self._audit = audit
        self._publish = publish

    def claimed(self, device: Device) -> None:
        """A device is somebody's."""
        self._publish(
            DeviceClaimed(
                organisation_id=device.organisation_id,
                group_id=device.group_id,
                device_id=device.id,
                name=device.name,
                by=device.claimed_by,
            )
        )

    def changed(self, device: Device, *what: str) -> None:
        """Something about a device is another."""
        self._publish(
            DeviceChanged(
                organisation_id=device.organisation_id,
                group_id=device.group_id,
                device_id=device.id,
                name=device.name,
                changed=what,
            )
        )

    def revoked(self, device: Device, by: str) -> None:
        """A device may no longer connect, or was removed."""
        self._publish(
            DeviceRevoked(
                organisation_id=device.organisation_id,
                group_id=device.group_id,
                device_id=device.id,
                name=device.name,
                by=by,
            )
        )

    def duplicated(self, device: DeviceRow, source: str) -> None:
        """Two machines use one key; ``source`` is where the second one calls from."""
        self._publish(
            DeviceDuplicated(
                organisation_id=device.organisation_id,
                group_id=device.group_id,
                device_id=device.id,
                name=device.name,
                source=source,
            )
        )

    async def record(
        self,
        actor: Actor,
        action: str,
        device: DeviceRow,
        result: str = "ok",
        details: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """An audit entry about a device. Raises :class:`Problem` where it cannot be stored."""
        columns: dict[str, str | int | None] = {"organisation_id": device.organisation_id, "device_id": device.id}
        await self._audit.record(actor, action, device.name, result, details, columns=columns)

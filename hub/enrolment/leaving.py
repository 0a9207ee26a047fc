"""A device has to go: its row says so first, then its live socket is cut, wherever it is."""

from __future__ import annotations

from hub.enrolment.devices import DeviceRows
from hub.enrolment.refusals import revoked
from hub.enrolment.trail import Trail
from hub.enrolment.types import Device
from hub.ports import Cutter
from protocol.close_codes import CloseCode

POLICY = 1008
"""RFC 6455: for a device that was removed. It may come back, and is then nobody's."""


class Leaving:
    """Revocation and removal."""

    def __init__(self, devices: DeviceRows, cutter: Cutter, trail: Trail) -> None:
        self._devices = devices
        self._cutter = cutter
        self._trail = trail

    async def revoke(self, device_id: str, by: str) -> Device:
        """Let a device in no more. Its row stays, so that it is refused and not asked to be claimed again.

        Raises :class:`Problem` NOT_FOUND.
        """
        device = await self._devices.revoke(device_id)
        self._cutter.cut(device_id, int(CloseCode.REVOKED), revoked().message)
        self._trail.revoked(device, by)
        return device

    async def remove(self, device_id: str, by: str) -> Device:
        """Forget a device, a revoked one too; when it comes again it shows a claim code. Raises NOT_FOUND."""
        device = await self._devices.remove(device_id)
        self._cutter.cut(device_id, POLICY, "This device was removed from the hub. Claim it to have it back.")
        self._trail.revoked(device, by)
        return device

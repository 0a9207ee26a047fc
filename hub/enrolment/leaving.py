"""A device has to go: its row says so first, then its live socket is cut, wherever it is."""

from __future__ import annotations

import asyncio
import logging

from hub.enrolment.devices import DeviceRows
from hub.enrolment.refusals import revoked
from hub.enrolment.trail import Trail
from hub.enrolment.types import Device, DeviceState
from hub.ports import Cutter
from protocol.close_codes import CloseCode
from protocol.problems import Problem

POLICY = 1008
"""RFC 6455: for a device that was removed. It may come back, and is then nobody's."""
REMOVED = "This device was removed from the hub. Claim it to have it back."
_log = logging.getLogger(__name__)


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
        self._cutter.cut(device_id, POLICY, REMOVED)
        self._trail.revoked(device, by)
        return device


class Latecomers:
    """Devices that were let in, and revoked before their socket could be cut.

    Between the look into the store and the hello lie seconds that the device chooses. So each is looked up once more
    when it is connected, all that come at a time together.
    """

    def __init__(self, devices: DeviceRows, cutter: Cutter) -> None:
        self._devices = devices
        self._cutter = cutter
        self._checks: set[asyncio.Task[None]] = set()

    def connected(self, device_id: str) -> None:
        """A device's socket can be cut from now on. Never blocks, never raises."""
        check = asyncio.create_task(self._check(device_id))
        self._checks.add(check)
        check.add_done_callback(self._checks.discard)

    async def settled(self) -> None:
        """Wait for the checks that are under way."""
        await asyncio.gather(*self._checks)

    async def close(self) -> None:
        """Stop."""
        checks = list(self._checks)
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)

    async def _check(self, device_id: str) -> None:
        try:
            device = await self._devices.get(device_id)
        except Problem as problem:
            _log.warning("latecomer.unchecked", extra={"device_id": device_id, "code": problem.code.value})
            return
        if device is None:
            self._cutter.cut(device_id, POLICY, REMOVED)
        elif device.state is not DeviceState.ACTIVE:
            self._cutter.cut(device_id, int(CloseCode.REVOKED), revoked().message)

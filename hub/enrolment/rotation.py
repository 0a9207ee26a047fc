"""A device changes its key: signed by the old one and the new one, stored in one step, and then said to the device."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable

from foundation.actors import Actor
from hub.enrolment.devices import DeviceRows
from hub.enrolment.proofs import check_rotation
from hub.enrolment.trail import Trail
from hub.enrolment.types import Device
from hub.ports import Ports
from protocol.commands import KeyRotate
from protocol.events import AnyEvent, KeyRotated
from protocol.notices import GatewayKeyAccepted
from protocol.problems import Problem, ProblemCode

Tell = Callable[[str, GatewayKeyAccepted], None]
"""Sends the notice to the device, wherever its socket is. One that is lost costs nothing: the next welcome says it."""
MAX_UNDER_WAY = 256
_log = logging.getLogger(__name__)


class KeyRotation:
    """Rotations that somebody asked for, and those that devices begin by themselves."""

    def __init__(self, devices: DeviceRows, ports: Ports, tell: Tell, trail: Trail) -> None:
        self._devices = devices
        self._ports = ports
        self._tell = tell
        self._trail = trail
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def ask(self, device_id: str) -> Device:
        """Have the device make itself a new key.

        Raises :class:`Problem` NOT_FOUND, CONFLICT (it refuses, or has no key), DEVICE_OFFLINE, TIMEOUT, PROOF_WRONG.
        """
        if (await self._devices.need(device_id)).public_key is None:
            raise _no_key()
        answered = await self._ports.of(device_id).call(KeyRotate(request_id=secrets.token_hex(8)))
        rotated = next((event for event in answered.events if isinstance(event, KeyRotated)), None)
        if not answered.ok or rotated is None:
            said = answered.error or "it gave no reason"
            raise Problem(ProblemCode.CONFLICT, f"The device did not change its key: {said}. The old key stays.")
        return await self.accept(device_id, rotated)

    async def accept(self, device_id: str, event: KeyRotated) -> Device:
        """Store the new key and tell the device. One that is stored already is said again, for the notice may be lost.

        Raises :class:`Problem` NOT_FOUND, CONFLICT, PROOF_WRONG.
        """
        device = await self._devices.need(device_id)
        if device.public_key is None:
            raise _no_key()
        if event.public_key != device.public_key:
            check_rotation(device.id, device.public_key, event)
            if not await self._devices.swap_key(device.id, device.public_key, event.public_key):
                raise Problem(ProblemCode.CONFLICT, "The device's key changed meanwhile. Look at it again.")
            device = await self._devices.need(device_id)
            self._trail.changed(device, "key")
        self._tell(device_id, GatewayKeyAccepted(public_key=event.public_key))
        return device

    def heard(self, device_id: str, event: AnyEvent) -> None:
        """What a device said unasked; anything but a new key is no concern of ours. Never blocks, never raises."""
        if not isinstance(event, KeyRotated) or device_id in self._under_way:
            return
        if len(self._under_way) >= MAX_UNDER_WAY:
            _log.warning("rotation.skipped", extra={"device_id": device_id})
            return
        self._under_way[device_id] = asyncio.create_task(self._take(device_id, event))

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*self._under_way.values())

    async def close(self) -> None:
        """Stop what is under way; the devices say it again."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, device_id: str, event: KeyRotated) -> None:
        actor = Actor("device", device_id)
        try:
            before = await self._devices.need(device_id)
            result = await self._result(device_id, event)
            if result != "ok" or event.public_key != before.public_key:
                await self._trail.record(actor, "device.rotate-key", before.row(), result)
        except Problem as problem:
            _log.warning("rotation.lost", extra={"device_id": device_id, "code": problem.code.value})
        finally:
            del self._under_way[device_id]

    async def _result(self, device_id: str, event: KeyRotated) -> str:
        try:
            await self.accept(device_id, event)
        except Problem as problem:
            return problem.code.value
        return "ok"


def _no_key() -> Problem:
    message = "This gateway has a bearer token and no key. Remove it and add it again for another token."
    return Problem(ProblemCode.CONFLICT, message)

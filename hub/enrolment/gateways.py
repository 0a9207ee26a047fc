"""Gateways of another make: known by a bearer token, of which the store keeps the SHA-256."""

from __future__ import annotations

import hmac
import re

from foundation.accounts.secrets import digest_of, new_secret
from hub.enrolment.batches import Batches, Candidate
from hub.enrolment.devices import DeviceRows
from hub.enrolment.ground import Ground
from hub.enrolment.types import Device, NewDevice
from protocol.problems import Problem, ProblemCode

_KEY_ID = re.compile(r"hutch-[a-z2-7]{20}")
_OWN_TOKEN = re.compile(r"[!-~]{32,4096}")
"""A token that a gateway brings along: its digest withstands guessing only if it is long and random."""


class Gateways:
    """Bearer tokens: given by a person, brought along with a batch's token, or a batch's token itself."""

    def __init__(self, ground: Ground, devices: DeviceRows, batches: Batches) -> None:
        self._ground = ground
        self._devices = devices
        self._batches = batches

    async def add(self, gateway_id: str, group_id: int, name: str, by: str) -> tuple[Device, str]:
        """Register a gateway; its token is told this once. Raises :class:`Problem` INVALID_REQUEST, CONFLICT, …"""
        _refuse_key_id(gateway_id)
        token = new_secret()
        new = NewDevice(gateway_id, group_id, name, by, bearer_digest=digest_of(token))
        async with self._ground.store.begin() as connection:
            return await self._ground.add_device(connection, new), token

    async def holder(self, gateway_id: str, token: str) -> tuple[Device | None, bool]:
        """The gateway with this id and token, and whether it came in just now; None where they do not fit.

        A gateway that nobody knows comes in where the token is a batch's, which then stays its token.
        """
        device = await self._devices.get(gateway_id)
        # Compared with something in any case, so that the time does not tell which ids there are.
        known = device.bearer_digest if device else None
        fits = hmac.compare_digest(known or "0" * 64, digest_of(token)) and known is not None
        if device is not None:
            return (device, False) if fits else (None, False)
        candidate = Candidate(gateway_id, gateway_id, bearer_digest=digest_of(token))
        admitted = await self._admit(token, candidate)
        return admitted, admitted is not None

    async def bootstrap(self, gateway_id: str, bearer: str, batch_token: str, hostname: str) -> Device | None:
        """Register a gateway by the batch token of its hello; None where that is not valid, or the id is known."""
        if not _OWN_TOKEN.fullmatch(bearer) or await self._devices.get(gateway_id) is not None:
            return None
        return await self._admit(batch_token, Candidate(gateway_id, hostname, bearer_digest=digest_of(bearer)))

    async def _admit(self, token: str, candidate: Candidate) -> Device | None:
        if _KEY_ID.fullmatch(candidate.gateway_id):
            return None
        try:
            return await self._batches.admit(token, candidate)
        except Problem as problem:
            if problem.code is not ProblemCode.CONFLICT:
                raise
            return None


def _refuse_key_id(gateway_id: str) -> None:
    """Ids that are made of a key belong to the device with that key, which has not come yet."""
    if _KEY_ID.fullmatch(gateway_id):
        message = "This id belongs to a device with a key of its own. Enter its claim code instead."
        raise Problem(ProblemCode.INVALID_REQUEST, message)

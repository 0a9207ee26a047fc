"""How a control plane gets to know devices that have a key of their own, from the wire document alone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.doubles.control_plane.link import PATIENCE, DeviceLink
from tests.doubles.control_plane.wire import Message

CODE = "7KQ2-9XWM-T"
CLAIM_URL = "https://hub.example/claim"


class KeyDesk:
    """Challenges devices, and welcomes those that somebody claimed."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}
        """The public key of each claimed device."""
        self.batches: set[str] = set()
        """Enrolment tokens that claim a device at once."""
        self.hub_key = bytes(range(32))
        self.names = {"name": "kitchen", "organisation": "Home"}
        self.hub: str | None = None
        """What the hub takes for its own address; None: where it listens."""
        self.hours_ahead = 0.0
        """How far the hub's clock is before the device's."""
        self.refuse_with: int | None = None
        self.proofs: list[Message] = []
        self.refusals: list[int] = []
        self._changed = asyncio.Event()

    def claim(self, device_id: str, public_key: bytes) -> None:
        """A person entered the code."""
        self.known[device_id] = public_key
        self._changed.set()
        self._changed = asyncio.Event()

    async def admit(self, link: DeviceLink, hub: str) -> None:
        """The dialogue up to the welcome, or to the refusal."""
        nonce = base64.b64encode(os.urandom(32)).decode()
        now = datetime.now(UTC) + timedelta(hours=self.hours_ahead)
        own = self.hub or hub
        await link.send(_message("gateway.challenge", nonce=nonce, hub=own, time=now.isoformat()))
        proof = await link.event("gateway.proof")
        self.proofs.append(proof)
        code, reason = self._judge(link.gateway_id, proof, nonce, own, now)
        if code is not None:
            self.refusals.append(code)
            await link.close(code, reason)
            return
        await self._claimed(link, base64.b64decode(proof["public_key"]))
        await self.welcome(link)

    async def welcome(self, link: DeviceLink) -> None:
        """Say that the device is known."""
        key = base64.b64encode(self.hub_key).decode()
        await link.send(_message("gateway.welcome", hub_key=key, **self.names))

    async def accept(self, link: DeviceLink, public_key: str) -> None:
        """Know the device by another key (in base64) from now on."""
        self.known[link.gateway_id] = base64.b64decode(public_key)
        await link.send(_message("gateway.key_accepted", public_key=public_key))

    async def _claimed(self, link: DeviceLink, public_key: bytes) -> None:
        shown = False
        async with asyncio.timeout(PATIENCE):
            while link.gateway_id not in self.known:
                if not shown:
                    await self.show_code(link, CODE)
                    shown = True
                await self._changed.wait()
        assert self.known[link.gateway_id] == public_key

    async def show_code(self, link: DeviceLink, code: str) -> None:
        """Give the device a claim code."""
        until = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
        await link.send(
            _message(
                "gateway.unclaimed", claim_code=code, claim_url=CLAIM_URL, expires_at=until, fingerprint="SHA256:abc"
            )
        )

    def _judge(self, device_id: str, proof: Message, nonce: str, hub: str, now: datetime) -> tuple[int | None, str]:
        public = base64.b64decode(proof["public_key"])
        said = "\n".join(("hutch-link-1", nonce, hub, device_id, proof["time"])).encode()
        off = abs(now - datetime.fromisoformat(proof["time"]))
        if self.refuse_with is not None:
            return self.refuse_with, "refused by the test"
        if off > timedelta(minutes=5):
            return 4403, f"the clock is {off.total_seconds() / 3600:.0f} h off"
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(proof["signature"]), said)
        except InvalidSignature:
            return 4401, "the signature is wrong"
        if proof.get("enrolment_token") in self.batches:
            self.known.setdefault(device_id, public)
        known = self.known.get(device_id)
        named = "hutch-" + base64.b32encode(hashlib.sha256(public).digest()).decode().lower()[:20]
        if known is None and named != device_id:
            return 4401, "the id is not that of the key"
        return (4401, "another key") if known not in (None, public) else (None, "")


def _message(kind: str, **fields: str) -> Message:
    return {"type": kind, "schema_version": "1", **fields}

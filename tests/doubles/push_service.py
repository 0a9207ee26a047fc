"""A push service of a browser's vendor, and the browser behind it: takes messages (RFC 8030), checks who sends them
(RFC 8292), and reads them as only the browser can (RFC 8291)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.notify.types import PushKeys, PushPlace


@dataclass
class Pushed:
    """A message that arrived."""

    claims: dict[str, Any]
    key: str
    """The sender's public key, as the browser was told it."""
    ttl: int
    urgency: str
    said: dict[str, str]


@dataclass
class PushService:
    """Answers with ``status``; what it takes is in ``arrived``."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    status: int = 201
    tries: int = 0
    arrived: asyncio.Queue[Pushed] = field(default_factory=asyncio.Queue)
    url: str = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[PushService]:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_post("/send/{browser}", self._take)
        async with TestServer(app) as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    def place(self, browser: str = "one") -> PushPlace:
        """What a browser tells a page of itself."""
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return PushPlace(
            endpoint=f"{self.url}/send/{browser}", keys=PushKeys(p256dh=encoded(point), auth=encoded(self.auth))
        )

    async def _take(self, request: web.Request) -> web.Response:
        self.tries += 1
        if self.status != 201:
            return web.Response(status=self.status)
        assert request.headers["Content-Encoding"] == "aes128gcm"
        scheme, _, rest = request.headers["Authorization"].partition(" ")
        assert scheme == "vapid"
        values = dict(part.strip().split("=", 1) for part in rest.split(","))
        body = http_ece.decrypt(await request.read(), private_key=self.private, auth_secret=self.auth)
        await self.arrived.put(
            Pushed(
                claims=self._checked(values["t"], values["k"]),
                key=values["k"],
                ttl=int(request.headers["TTL"]),
                urgency=request.headers["Urgency"],
                said=json.loads(body),
            )
        )
        return web.Response(status=201)

    def _checked(self, token: str, key: str) -> dict[str, Any]:
        """The claims of a token that its key has signed (ES256); raises for any other."""
        signed, _, signature = token.rpartition(".")
        raw = decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
        public.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        claims: dict[str, Any] = json.loads(decoded(signed.split(".")[1]))
        assert claims["aud"] == self.url
        assert time.time() < claims["exp"] <= time.time() + 24 * 3600
        return claims


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of it."""
    return base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")

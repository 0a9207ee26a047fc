"""An OpenID provider whose answers a test decides, on loopback. It checks PKCE and the client as a real one does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "hutch hub"
SECRET = "s3cret/+:"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


KEYS = {kid: new_key(kid) for kid in ("one", "two")}
"""Made once: a key takes a while."""


@dataclass
class ScriptedProvider:
    """Its claims, keys and manners; a test changes them."""

    issuer: str = ""
    named: str | None = None
    """What it calls itself, where that is not its address."""
    sub: str = "subject-1"
    claims: dict[str, object] = field(default_factory=dict)
    """What is put over the honest claims; a value of None takes one away."""
    userinfo: dict[str, object] | None = None
    key: RSAKey = field(default_factory=lambda: KEYS["one"])
    published: list[RSAKey] = field(default_factory=lambda: [KEYS["one"]])
    algorithm: str = "RS256"
    metadata_extra: dict[str, object] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    _asked: dict[str, str] = field(default_factory=dict)

    def authorize(self, url: str) -> tuple[str, str]:
        """Log somebody in at the address a browser was sent to: the state and code it comes back with."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert set(query["scope"].split()) == {"openid", "email", "profile"}
        self._asked = query
        return query["state"], "code-1"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        return app

    async def _describe(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path)
        described = {
            "issuer": self.named or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return web.json_response({**described, **self.metadata_extra})

    async def _keys(self, request: web.Request) -> web.Response:
        self.fetched.append(request.path)
        keys: list[object] = [{"kty": "strange", "kid": "?"}]
        return web.json_response({"keys": keys + [key.as_dict(private=False) for key in self.published]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        shown = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        assert shown == "hutch%20hub:s3cret%2F%2B%3A"
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = challenge == self._asked.get("code_challenge") and form["redirect_uri"] == self._asked["redirect_uri"]
        if form["code"] != "code-1" or not good:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self._id_token(), "access_token": "at", "token_type": "Bearer"})

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer at"
        return web.json_response(self.userinfo or {"sub": self.sub})

    def _id_token(self) -> str:
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.sub,
            "iat": now,
            "exp": now + 300,
            "nonce": self._asked["nonce"],
            "email": "bob@example.org",
            "email_verified": True,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": str(self.key.kid)}
        return jwt.encode(header, kept, self.key) if self.algorithm == "RS256" else self._forged(header, kept)

    def _forged(self, header: dict[str, str], claims: dict[str, object]) -> str:
        """What somebody without the private key can make: a token signed by nothing, or by the public key's bytes."""
        signed = b".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
        public = self.key.as_pem(private=False)
        signature = hmac.new(public, signed, hashlib.sha256).digest() if self.algorithm == "HS256" else b""
        return b".".join((signed, _base64(signature))).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@asynccontextmanager
async def scripted_provider() -> AsyncIterator[ScriptedProvider]:
    provider = ScriptedProvider()
    async with TestServer(provider.application()) as server:
        provider.issuer = str(server.make_url("")).rstrip("/")
        yield provider

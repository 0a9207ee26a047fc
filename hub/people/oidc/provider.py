"""The OpenID provider over HTTP: its description, its keys, and the exchange of a code."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import structlog
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from foundation.accounts.holders import Now, utc_now
from hub.config import is_safe_web_address
from hub.people.oidc.flow import Flow
from hub.people.oidc.id_tokens import UnknownKey, checked, untrusted, usable_keys
from hub.people.oidc.types import Claims, KeyList, Metadata, ProviderSettings, TokenAnswer
from protocol.problems import Problem, ProblemCode

SCOPE = "openid email profile"
KEEP_SECONDS = 3600.0
"""How long the provider's description and keys are believed."""
FRESH_SECONDS = 10.0
"""How old keys have to be before an unknown one makes us ask for them again."""
MAX_ANSWER = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LOG = structlog.get_logger("hub.oidc")
M = TypeVar("M", bound=BaseModel)


class Provider:
    """One provider. Every method raises :class:`Problem` UNAVAILABLE where it does not answer as it should."""

    def __init__(
        self,
        settings: ProviderSettings,
        http: aiohttp.ClientSession,
        clock: Callable[[], float] = monotonic,
        now: Now = utc_now,
    ) -> None:
        self.settings = settings
        self._http = http
        self._clock = clock
        self._now = now
        self._lock = asyncio.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def login_url(self, flow: Flow, redirect_uri: str) -> str:
        """Where the browser goes to log in (OpenID Connect Core 1.0, 3.1.2.1)."""
        endpoint = (await self._described()).authorization_endpoint
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.settings.client_id,
                "redirect_uri": redirect_uri,
                "scope": SCOPE,
                "state": flow.state,
                "nonce": flow.nonce,
                "code_challenge": flow.challenge,
                "code_challenge_method": "S256",
            }
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    async def claims(self, flow: Flow, code: str, redirect_uri: str) -> Claims:
        """Who logged in, in exchange for the code. Problems: LOGIN_FAILED for what cannot be trusted."""
        metadata = await self._described()
        answer = await self._exchange(metadata, flow, code, redirect_uri)
        claims = await self._checked(answer.id_token, metadata, flow)
        if claims.email is not None or metadata.userinfo_endpoint is None or answer.access_token is None:
            return claims
        more = await self._get(metadata.userinfo_endpoint, Claims, {"Authorization": f"Bearer {answer.access_token}"})
        # OpenID Connect Core 1.0, 5.3.2: without this, one person's data could be taken for another's.
        if more.sub != claims.sub:
            raise untrusted()
        return more

    async def _checked(self, token: str, metadata: Metadata, flow: Flow) -> Claims:
        algorithms = metadata.id_token_signing_alg_values_supported
        for keys in (await self._known_keys(metadata, KEEP_SECONDS), None):
            try:
                known = keys or await self._known_keys(metadata, FRESH_SECONDS)
                return checked(token, known, self.settings, algorithms=algorithms, nonce=flow.nonce, now=self._now())
            except UnknownKey:
                continue
        raise untrusted()

    async def _exchange(self, metadata: Metadata, flow: Flow, code: str, redirect_uri: str) -> TokenAnswer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        headers: dict[str, str] = {}
        secret, client = self.settings.client_secret, self.settings.client_id
        if secret is None:
            form["client_id"] = client
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # RFC 6749, 2.3.1: both are encoded as in a form before they are put together.
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form.update({"client_id": client, "client_secret": secret})
        return await self._ask("POST", metadata.token_endpoint, TokenAnswer, headers, form)

    async def _described(self) -> Metadata:
        async with self._lock:
            if self._metadata is None or self._clock() - self._metadata[0] > KEEP_SECONDS:
                issuer = self.settings.issuer
                found = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", Metadata)
                # OpenID Connect Discovery 1.0, 4.3.
                if found.issuer != issuer:
                    raise _broken("names itself otherwise than the setting oidc_issuer")
                self._metadata = (self._clock(), found)
            return self._metadata[1]

    async def _known_keys(self, metadata: Metadata, no_older: float) -> KeySet:
        async with self._lock:
            if self._keys is None or self._clock() - self._keys[0] > no_older:
                self._keys = (self._clock(), usable_keys(await self._get(metadata.jwks_uri, KeyList)))
            return self._keys[1]

    async def _get(self, url: str, model: type[M], headers: Mapping[str, str] | None = None) -> M:
        return await self._ask("GET", url, model, headers or {}, None)

    async def _ask(
        self, method: str, url: str, model: type[M], headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> M:
        if not is_safe_web_address(url):
            raise _broken("names an address without https")
        try:
            async with self._http.request(
                method, url, data=form, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                body = bytearray()
                async for block in response.content.iter_any():
                    body += block
                    if len(body) > MAX_ANSWER:
                        raise _broken("sends too much")
                if response.status == 400 and form is not None:
                    # The code: used, too old, or never given to us.
                    raise untrusted()
                if response.status != 200:
                    raise _broken(f"answers {response.status}")
                return model.model_validate_json(bytes(body))
        except (aiohttp.ClientError, TimeoutError) as error:
            _LOG.warning("provider.silent", path=urlsplit(url).path, reason=type(error).__name__)
            raise _broken("does not answer") from None
        except ValidationError:
            raise _broken("answers in a form that is not OpenID Connect's") from None


def _broken(what: str) -> Problem:
    return Problem(
        ProblemCode.UNAVAILABLE, f"The OpenID provider {what}. Log in with a password, or tell whoever runs the hub."
    )

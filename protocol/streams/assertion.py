"""What a hub says of the person behind a request that comes through a stream (docs/decisions/0022-device-pages.md).

A compact JWS (RFC 7515) signed with Ed25519 (RFC 9864) in a header of every request; the device knows the hub's key
from ``gateway.welcome``. Signing and checking are in ``hub/tunnel`` and ``gateway/tunnel``; here is only what both must
agree on.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from protocol.fields import GatewayId, HubHost, Word

ASSERTION_HEADER: Final = "X-Hutch-Assertion"
ASSERTION_TYPE: Final = "hutch-assertion+jwt"
"""``typ`` of the JWS, so that nothing else a hub may sign passes for an assertion (RFC 8725, 3.11)."""
ASSERTION_ALGORITHM: Final = "Ed25519"
ASSERTION_SECONDS: Final = 60
"""How long an assertion is good for."""
CLOCK_LEEWAY: Final = 90
"""Seconds that the two clocks may be apart."""
PREFIX_PATTERN: Final = r"^/devices/[A-Za-z0-9_-]{1,128}$"

_UnixTime = Annotated[int, Field(ge=0, le=2**40)]


class Assertion(BaseModel):
    """Who asks, through which hub, of which device, and under which address their browser sees it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    iss: HubHost = Field(description="The hub, as it knows itself.")
    aud: GatewayId = Field(description="The device that this is for, and no other.")
    sub: Word = Field(description="The person's id on the hub.")
    name: Word = Field(description="The person's name on the hub.")
    role: Literal["admin", "operator", "viewer"] = Field(description="What the hub lets this person do here.")
    jti: Word = Field(description="The login on the hub; the same for all requests of one login.")
    iat: _UnixTime
    exp: _UnixTime
    prefix: str = Field(pattern=PREFIX_PATTERN, description="What stands before every path in the browser.")
    host: HubHost = Field(description="The host in the browser's address bar, port included.")
    scheme: Literal["http", "https"] = "https"
    cookie: bool = Field(default=True, description="A browser's cookie vouches for the request: CSRF must be checked.")

"""What is known of an OpenID provider, and what it says of somebody."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, JsonValue

MAX_URL = 2048


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The hub as a client of a provider."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "Single sign-on"
    """What the login button says."""
    allowed_domains: frozenset[str] = frozenset()
    """E-mail domains (lower case) whose people get an account by themselves."""


class Metadata(BaseModel):
    """The provider's description of itself (OpenID Connect Discovery 1.0, 3)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    issuer: str = Field(max_length=MAX_URL)
    authorization_endpoint: str = Field(max_length=MAX_URL)
    token_endpoint: str = Field(max_length=MAX_URL)
    jwks_uri: str = Field(max_length=MAX_URL)
    userinfo_endpoint: str | None = Field(None, max_length=MAX_URL)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class KeyList(BaseModel):
    """The provider's public keys (RFC 7517, 5)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    keys: tuple[dict[str, JsonValue], ...] = Field(max_length=100)


class TokenAnswer(BaseModel):
    """What a code is exchanged for (RFC 6749, 5.1)."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id_token: str = Field(repr=False, max_length=64 * 1024)
    access_token: str | None = Field(None, repr=False, max_length=64 * 1024)


class Claims(BaseModel):
    """What the provider says of somebody (OpenID Connect Core 1.0, 5.1)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sub: str = Field(min_length=1, max_length=255)
    email: str | None = Field(None, max_length=320)
    email_verified: bool = False
    preferred_username: str | None = Field(None, max_length=320)

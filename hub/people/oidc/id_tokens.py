"""Whether an ID token is what it says it is (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from pydantic import ValidationError

from hub.people.oidc.types import Claims, KeyList, ProviderSettings
from protocol.problems import Problem, ProblemCode

ALGORITHMS = ("RS256", "ES256", "PS256", "Ed25519", "EdDSA", "RS384", "RS512", "ES384", "ES512")
"""Signatures by a key pair only: with an HMAC, or none at all, anybody could sign."""
LEEWAY_SECONDS = 60
"""By how much the provider's clock and ours may differ."""
_KINDS: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class UnknownKey(Exception):
    """No key that is known here has signed it: the provider may have changed its keys."""


def usable_keys(listed: KeyList) -> KeySet:
    """The keys that can have signed a token; what is for something else, or is not known here, is passed over."""
    keys: list[Key] = []
    for entry in listed.keys:
        kind = _KINDS.get(str(entry.get("kty")))
        if kind is None or entry.get("use", "sig") != "sig":
            continue
        try:
            keys.append(kind.import_key({name: value for name, value in entry.items() if isinstance(value, str)}))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return KeySet(keys)


def checked(
    token: str, keys: KeySet, provider: ProviderSettings, *, algorithms: Iterable[str], nonce: str, now: datetime
) -> Claims:
    """What a token says.

    Raises :class:`UnknownKey`, or :class:`Problem` LOGIN_FAILED for one that is not for us, now, and this login.
    """
    allowed = [name for name in ALGORITHMS if name in set(algorithms)]
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        # A header that is not known here says nothing about the signature; "crit" is looked at all the same.
        registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
        claims = jwt.decode(token, keys, algorithms=allowed, registry=registry).claims
        rules.validate(claims)
        _check_party(claims, provider.client_id)
        return Claims.model_validate(claims)
    except (BadSignatureError, InvalidKeyIdError) as error:
        raise UnknownKey from error
    except (JoseError, ValidationError, ValueError, TypeError, KeyError):
        raise untrusted() from None


def untrusted() -> Problem:
    """The refusal of an answer; which check failed is not told, and neither is the token."""
    return Problem(ProblemCode.LOGIN_FAILED, "The provider's answer could not be trusted. Start the login again.")


def _check_party(claims: dict[str, object], client_id: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if party != client_id and (several or party is not None):
        raise ValueError("the token was given to another client")

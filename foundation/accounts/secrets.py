"""The secrets people and programs show: random, and kept by their digest only."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

PREFIX = "hutch_"
"""Lets a secret that leaks into a repository or a log be found."""
_BYTES = 32
_FORM = re.compile(r"hutch_[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """``hutch_`` and 32 random bytes in base64url."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str | None:
    """What the store knows a secret by: its SHA-256 in hex; None for a text that can be no secret of ours."""
    return digest_of(secret) if _FORM.fullmatch(secret) else None


def digest_of(secret: str) -> str:
    """The digest of a secret that is ours. It is as random as a key, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_of(secret: str) -> str:
    """What a page of this login has to send back; without the secret it cannot be computed."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()

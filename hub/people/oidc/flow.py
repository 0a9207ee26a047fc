"""One login under way. All of it comes from one secret in the browser's cookie, so no node keeps anything."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

LIFETIME_SECONDS = 600
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Flow:
    """Ties the answer of the provider to the browser that asked; each value is an HMAC of the secret."""

    secret: str = field(repr=False)

    @classmethod
    def begin(cls) -> Flow:
        """A new one."""
        return cls(secrets.token_urlsafe(32))

    @classmethod
    def from_cookie(cls, value: str | None) -> Flow | None:
        """The one that a browser began, None for a cookie that is none of ours."""
        return cls(value) if value is not None and _FORM.fullmatch(value) else None

    @property
    def state(self) -> str:
        """What the provider brings back in the address (RFC 6749, 10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the provider signs (OpenID Connect Core 1.0, 15.5.2)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What only we know when the code is exchanged (RFC 7636, 4.1): 43 characters."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier (RFC 7636, 4.2)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    def is_answered_by(self, state: str) -> bool:
        """Whether an answer with this state is for the browser that asked."""
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "replace"))

    def _derived(self, what: str) -> str:
        return _text(hmac.new(self.secret.encode(), what.encode(), hashlib.sha256).digest())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

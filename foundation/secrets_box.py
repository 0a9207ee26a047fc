"""Secrets that have to be read again (addresses with passwords in them), sealed with a key that lies in a private file.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce for each secret; what a secret belongs to is authenticated with
it, so that a sealed text cannot be moved to another row. The store never sees the key.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from foundation.files import create_private, read_private
from protocol.problems import Problem, ProblemCode

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"


class SecretsBox:
    """Seals and opens. Every node of a hub needs the same key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)

    def seal(self, secret: str, belongs_to: str) -> bytes:
        """A secret of at most a few KB, to be opened with the same ``belongs_to``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), belongs_to.encode())

    def open(self, sealed: bytes, belongs_to: str) -> str:
        """The secret. Raises :class:`Problem` UNAVAILABLE for one of another key or place, or a damaged one."""
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, text, belongs_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise Problem(
                ProblemCode.UNAVAILABLE, "A secret was sealed with another key. Bring back secrets.key from a backup."
            ) from None


def load_secrets_box(path: Path) -> SecretsBox:
    """The box of the key in ``path``, which is made (0600) where it is missing. Blocks; raises :class:`Problem`."""
    create_private(path, secrets.token_bytes(KEY_BYTES))
    key = read_private(path) or b""
    if len(key) != KEY_BYTES:
        raise Problem(ProblemCode.UNAVAILABLE, f"{path} has to have {KEY_BYTES} bytes. Bring it back from a backup.")
    return SecretsBox(key)

"""The key by which push services know this device (VAPID, RFC 8292): made at its first use, kept sealed."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.notify.wishes import Values

if TYPE_CHECKING:
    from foundation.secrets_box import SecretsBox

_NAME: Final = "notify.vapid"
_BELONGS_TO: Final = "vapid key"


@dataclass(frozen=True, slots=True)
class VapidKey:
    """``public`` is the uncompressed point of P-256 and ``private`` its DER, both base64url without padding."""

    public: str
    private: str = field(repr=False)


class VapidKeys:
    """The one key of this device. A new one would make every browser ask anew, so it is never changed."""

    def __init__(self, values: Values, box: Callable[[], SecretsBox]) -> None:
        self._values = values
        self._box = box
        self._making = asyncio.Lock()
        self._key: VapidKey | None = None

    async def get(self) -> VapidKey:
        """The key. Raises :class:`Problem` UNAVAILABLE where the box's own key was lost."""
        async with self._making:
            if self._key is None:
                sealed = await self._values.get(_NAME)
                if isinstance(sealed, str):
                    private = await asyncio.to_thread(self._open, sealed)
                else:
                    private = await asyncio.to_thread(_made)
                    await self._values.put(_NAME, await asyncio.to_thread(self._seal, private))
                self._key = VapidKey(await asyncio.to_thread(_public_of, private), private)
            return self._key

    def _open(self, sealed: str) -> str:
        return self._box().open(base64.b64decode(sealed), _BELONGS_TO)

    def _seal(self, private: str) -> str:
        return base64.b64encode(self._box().seal(private, _BELONGS_TO)).decode()


def _made() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    return _text(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _public_of(private: str) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = serialization.load_der_private_key(base64.urlsafe_b64decode(f"{private}==="), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the key of push messages is on P-256")
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return _text(point)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

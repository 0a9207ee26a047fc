"""Who a device is: what its key is called, and the bytes that it signs. No signing here: that needs a library.

A device's key is an Ed25519 key (RFC 8032). What is signed starts with a line that names its purpose, so that a
signature for one purpose is none for another.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Final

from protocol.fields import format_time

LINK_PURPOSE: Final = b"hutch-link-1"
ROTATE_PURPOSE: Final = b"hutch-rotate-1"
ID_PREFIX: Final = "hutch-"
_ID_CHARS: Final = 20
_SHORT_BYTES: Final = 8


def key_id(public_key: bytes) -> str:
    """The ``gateway_id`` of the device with this key: ``hutch-`` and 20 characters (100 bits) of its SHA-256."""
    digest = hashlib.sha256(public_key).digest()
    return ID_PREFIX + base64.b32encode(digest).decode("ascii").lower()[:_ID_CHARS]


def fingerprint(public_key: bytes) -> str:
    """``SHA256:…`` of the key's 32 bytes, in base64 without padding, as ssh writes fingerprints."""
    digest = hashlib.sha256(public_key).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def short_fingerprint(public_key: bytes) -> str:
    """The first 64 bits of the key's SHA-256 as a person compares them: ``AB12 CD34 EF56 7890``."""
    return hashlib.sha256(public_key).digest()[:_SHORT_BYTES].hex(" ", 2).upper()


def proof_bytes(nonce: bytes, hub: str, gateway_id: str, time: datetime) -> bytes:
    """What a device signs to show that it holds its key.

    ``hub`` is the host (with the port, when the address names one) of the URL that the device dialled, in lower case:
    a hub in the middle cannot pass the proof on. ``time`` is aware.
    """
    return b"\n".join((LINK_PURPOSE, base64.b64encode(nonce), hub.encode(), gateway_id.encode(), _time(time)))


def rotation_bytes(gateway_id: str, old: bytes, new: bytes) -> bytes:
    """What the old key and the new one both sign when a device changes its key (public keys, 32 bytes each)."""
    return b"\n".join((ROTATE_PURPOSE, gateway_id.encode(), base64.b64encode(old), base64.b64encode(new)))


def _time(time: datetime) -> bytes:
    return format_time(time).encode("ascii")

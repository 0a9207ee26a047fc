"""Public keys made by hand, from the formats of RFC 4253, 5656 and 8709."""

from __future__ import annotations

import base64
import os


def blob(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def public_key(algorithm: str, *fields: bytes) -> str:
    return f"{algorithm} {base64.b64encode(blob(algorithm.encode(), *fields)).decode()}"


def ed25519(seed: bytes | None = None) -> str:
    return public_key("ssh-ed25519", (seed or os.urandom(32)).ljust(32, b"\x01"))


def rsa(bits: int, exponent: int = 65537) -> str:
    modulus = (1 << (bits - 1)) | 1
    return public_key("ssh-rsa", mpint(exponent), mpint(modulus))


def mpint(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def ecdsa(curve: str, size: int) -> str:
    return public_key(f"ecdsa-sha2-{curve}", curve.encode(), b"\x04" + os.urandom(2 * size))

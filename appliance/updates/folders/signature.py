"""The statement that makes a release archive trusted: what it is, signed with Ed25519 (RFC 8032).

``hutch-VERSION.tar.gz.sig`` is text, so that install.sh checks it with openssl alone. The signature covers every line
before its own, and through the SHA-256 in them the archive::

    hutch release 1
    version 1.2.3
    file hutch-1.2.3.tar.gz
    size 1234567
    sha256 <64 hex>
    key <16 hex: the first half of the public key's SHA-256>
    signature <base64>
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LARGEST: Final = 4096
"""Bytes of a statement at most."""
_LARGEST_KEY: Final = 4096
_MOST_KEYS: Final = 32
_FORM: Final = re.compile(
    rb"(?P<signed>hutch release 1\n"
    rb"version (?P<version>[0-9A-Za-z.+-]{1,64})\n"
    rb"file (?P<file>hutch-[0-9A-Za-z.+-]{1,64}\.tar\.gz)\n"
    rb"size (?P<size>[1-9][0-9]{0,12})\n"
    rb"sha256 (?P<sha256>[0-9a-f]{64})\n"
    rb"key (?P<key>[0-9a-f]{16})\n)"
    rb"signature (?P<signature>[A-Za-z0-9+/]{86}==)\n"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed. ``size`` in bytes, ``sha256`` in hex."""

    version: str
    file: str
    size: int
    sha256: str

    def text(self, key: str) -> bytes:
        """The lines that are signed."""
        return (
            f"hutch release 1\nversion {self.version}\nfile {self.file}\n"
            f"size {self.size}\nsha256 {self.sha256}\nkey {key}\n"
        ).encode()


def sign(statement: Statement, key: Ed25519PrivateKey) -> bytes:
    """The content of a signature file."""
    text = statement.text(key_name(key.public_key()))
    return text + b"signature " + base64.b64encode(key.sign(text)) + b"\n"


def check(content: bytes, keys: Path) -> Statement:
    """The statement, once one of the trusted keys (``*.pem`` in ``keys``) made its signature. Blocks.

    Raises:
        Problem: BUNDLE_REFUSED for what is no statement, is signed with another key, or was changed.
    """
    from cryptography.exceptions import InvalidSignature

    found = _FORM.fullmatch(content)
    if found is None:
        raise refused("The release is not signed, or its signature was cut short. Take it from where you trust.")
    name = found["key"].decode()
    key = trusted_keys(keys).get(name)
    if key is None:
        raise refused(
            f"The release is signed, but with a key ({name}) that this device does not trust. "
            f"Take one from who made this installation, or add that key to {keys}."
        )
    try:
        key.verify(base64.b64decode(found["signature"]), found["signed"])
    except InvalidSignature:
        raise refused(
            "The release's signature is wrong: what it says was changed. Take it from where you trust."
        ) from None
    return Statement(found["version"].decode(), found["file"].decode(), int(found["size"]), found["sha256"].decode())


def trusted_keys(folder: Path) -> dict[str, Ed25519PublicKey]:
    """The keys of a folder by name; what is none is left out. Blocks."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    keys = {}
    for path in sorted(folder.glob("*.pem"))[:_MOST_KEYS]:
        try:
            with path.open("rb") as file:
                key = load_pem_public_key(file.read(_LARGEST_KEY))
        except (OSError, ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PublicKey):
            keys[key_name(key)] = key
    return keys


def key_name(key: Ed25519PublicKey) -> str:
    """What a key is called in statements."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def refused(sentence: str) -> Problem:
    """BUNDLE_REFUSED."""
    return Problem(ProblemCode.BUNDLE_REFUSED, sentence)

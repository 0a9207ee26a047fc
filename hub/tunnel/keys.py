"""The hub's own key: with it the hub vouches for its people towards the devices."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc import jws
from joserfc.jwk import OKPKey

from foundation.files import create_private, read_private
from hub.tunnel.visitor import Visitor
from protocol.problems import Problem, ProblemCode
from protocol.streams.assertion import ASSERTION_ALGORITHM, ASSERTION_SECONDS, ASSERTION_TYPE, Assertion


class HubKey:
    """An Ed25519 key pair. Every device pins the public half; whoever loses the file has to welcome them all anew."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = OKPKey.import_key(private)
        self._secret = private.private_bytes_raw()
        self.public_bytes = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        """32 bytes, as ``gateway.welcome`` tells them."""

    @classmethod
    def load(cls, path: Path) -> HubKey:
        """The key in ``path``, made on the first call. Blocks.

        Nodes of one hub share the file. Two that start at the same time get the same key. Raises Problem for a file
        that cannot be read or holds something else.
        """
        content = read_private(path)
        if content is None:
            create_private(
                path, Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
            content = read_private(path) or b""
        try:
            private = load_pem_private_key(content, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            private = None
        if not isinstance(private, Ed25519PrivateKey):
            raise Problem(
                ProblemCode.KEY_INVALID,
                f"{path} does not hold the hub's Ed25519 key (PEM, PKCS 8). Bring it back from a backup.",
            )
        return cls(private)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one other purpose of this hub (HKDF, RFC 5869): the same on every node that has the file."""
        return HKDF(hashes.SHA256(), 32, salt=None, info=f"hutch hub {purpose}".encode()).derive(self._secret)

    def sign(self, said: Assertion) -> str:
        """The assertion as a compact JWS."""
        head = {"alg": ASSERTION_ALGORITHM, "typ": ASSERTION_TYPE}
        return jws.serialize_compact(head, said.model_dump_json(), self._private, algorithms=[ASSERTION_ALGORITHM])


class Signer(Protocol):
    """Whatever signs for the hub."""

    def sign(self, said: Assertion) -> str:
        """The assertion as a compact JWS."""
        ...


class Vouching:
    """Makes the assertions of one hub. ``name`` says what the hub calls itself, ``clock`` Unix time in seconds."""

    def __init__(self, key: Signer, name: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._name = name
        self._clock = clock

    def for_request(self, visitor: Visitor, device_id: str, *, prefix: str, scheme: str, host: str) -> str:
        """The assertion for one request of ``visitor``, whose browser sees the device below ``scheme://host/prefix``.

        Raises Problem INVALID_REQUEST for a scheme or host that no browser has.
        """
        now = int(self._clock())
        try:
            said = Assertion.model_validate(
                {
                    "iss": self._name(),
                    "aud": device_id,
                    "sub": visitor.person_id,
                    "name": visitor.name,
                    "role": visitor.role,
                    "jti": visitor.login_id,
                    "iat": now,
                    "exp": now + ASSERTION_SECONDS,
                    "prefix": prefix,
                    "host": host,
                    "scheme": scheme,
                    "cookie": visitor.by_cookie,
                }
            )
        except ValueError:
            raise Problem(
                ProblemCode.INVALID_REQUEST, "The device cannot be told of this request. Log in again."
            ) from None
        return self._key.sign(said)

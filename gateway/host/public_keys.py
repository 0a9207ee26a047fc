"""SSH public keys: taken apart and judged as strictly as sshd would (RFC 4253 6.6, RFC 5656, RFC 8709)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocol.problems import Problem, ProblemCode

MAX_KEY_TEXT = 16 * 1024
"""Characters of a public key, comment included."""
MIN_RSA_BITS = 2048
MAX_RSA_BITS = 16384


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that passed: its algorithm and its base64 exactly as it is written to authorized_keys."""

    algorithm: str
    base64: str
    fingerprint: str
    """``SHA256:…`` as ``ssh-keygen -l`` prints it."""


Fields = Sequence[bytes]
Judge = Callable[[Fields], bool]


def _is_ed25519(fields: Fields) -> bool:
    return len(fields) == 1 and len(fields[0]) == 32


def _is_rsa(fields: Fields) -> bool:
    if len(fields) != 2 or any(field[:1] >= b"\x80" for field in fields):
        return False
    exponent, modulus = (int.from_bytes(field, "big") for field in fields)
    return exponent >= 3 and exponent % 2 == 1 and MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS


def _is_ecdsa(curve: bytes, size: int) -> Judge:
    return lambda fields: (
        len(fields) == 2 and fields[0] == curve and len(fields[1]) == 1 + 2 * size and fields[1][:1] == b"\x04"
    )


def _with_application(judge: Judge) -> Judge:
    return lambda fields: len(fields) >= 2 and judge(fields[:-1]) and 0 < len(fields[-1]) <= 255


_ALGORITHMS: dict[str, Judge] = {
    "ssh-ed25519": _is_ed25519,
    "ssh-rsa": _is_rsa,
    "ecdsa-sha2-nistp256": _is_ecdsa(b"nistp256", 32),
    "ecdsa-sha2-nistp384": _is_ecdsa(b"nistp384", 48),
    "ecdsa-sha2-nistp521": _is_ecdsa(b"nistp521", 66),
    "sk-ssh-ed25519@openssh.com": _with_application(_is_ed25519),
    "sk-ecdsa-sha2-nistp256@openssh.com": _with_application(_is_ecdsa(b"nistp256", 32)),
}


def parse_public_key(text: str) -> PublicKey:
    """Read what stands in a ``.pub`` file: algorithm, base64 and a comment, which is left out.

    Raises KEY_INVALID for anything else: options, several lines, unknown algorithms, damaged or weak keys.
    """
    line = text.strip(" \t\r\n")
    if len(line) > MAX_KEY_TEXT or not line.isprintable():
        raise _invalid("A public key is one line. Paste the line of the .pub file.")
    words = line.split(" ")
    judge = _ALGORITHMS.get(words[0])
    if judge is None or len(words) < 2:
        names = ", ".join(_ALGORITHMS)
        raise _invalid(f"A public key begins with its algorithm, one of {names}. Paste the line of the .pub file.")
    blob = decoded(words[1])
    fields = _fields(blob) if blob is not None else None
    if blob is None or not fields or fields[0] != words[0].encode():
        raise _invalid("The public key is damaged. Copy the whole line of the .pub file again.")
    if not judge(fields[1:]):
        raise _invalid(f"The public key is damaged or too weak (RSA needs {MIN_RSA_BITS} bits). Make another key.")
    return PublicKey(words[0], words[1], fingerprint(blob))


def _invalid(sentence: str) -> Problem:
    return Problem(ProblemCode.KEY_INVALID, sentence)


def decoded(text: str) -> bytes | None:
    """The bytes of strict, canonical base64; None for anything else."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return blob if base64.b64encode(blob).decode() == text else None


def inner_algorithm(blob: bytes) -> str | None:
    """The algorithm a key's bytes name themselves; None when they do not."""
    fields = _fields(blob)
    return fields[0].decode("ascii", errors="replace") if fields else None


def fingerprint(blob: bytes) -> str:
    """SHA-256 of a key's bytes in base64 without padding, as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _fields(blob: bytes) -> list[bytes] | None:
    """The length-prefixed strings a key is made of (RFC 4251 section 5); None unless they fill it exactly."""
    fields, at = [], 0
    while at < len(blob):
        end = at + 4 + int.from_bytes(blob[at : at + 4], "big")
        if at + 4 > len(blob) or end > len(blob):
            return None
        fields.append(blob[at + 4 : end])
        at = end
    return fields

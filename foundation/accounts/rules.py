"""What names, passwords and labels look like."""

from __future__ import annotations

import re
import unicodedata

from protocol.problems import Problem, ProblemCode

MIN_PASSWORD = 10
"""Characters."""
MAX_PASSWORD = 1024
"""Bytes in UTF-8; the hash takes any length, but somebody has to send it."""
MAX_LABEL = 64
_NAME = re.compile(r"[a-z0-9._-]{1,32}")


def plain_name(name: str) -> str | None:
    """A name as it is kept (lower case), None where it is no name."""
    lowered = name.lower() if name.isascii() else ""
    return lowered if _NAME.fullmatch(lowered) else None


def checked_name(name: str) -> str:
    """A name as it is kept. Raises :class:`Problem` for one that is none."""
    plain = plain_name(name)
    if plain is None:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            "A name has 1 to 32 characters: letters a to z, digits, dot, dash and underscore.",
            {"field": "username"},
        )
    return plain


def plain_password(password: str) -> bytes | None:
    """A password as it is hashed: NFC (RFC 8265, section 4.2) in UTF-8; None where it is too long or no text."""
    if len(password) > MAX_PASSWORD:
        return None
    try:
        encoded = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        return None
    return encoded if len(encoded) <= MAX_PASSWORD else None


def checked_password(password: str) -> bytes:
    """A new password as it is hashed. Raises :class:`Problem` for one that is too short or too long."""
    plain = plain_password(password)
    if plain is None or len(password) < MIN_PASSWORD:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"A password has at least {MIN_PASSWORD} characters and at most {MAX_PASSWORD} bytes.",
            {"field": "password"},
        )
    return plain


def plain_label(label: str) -> str:
    """A label as it is kept: printable, on one line, at most 64 characters."""
    words = " ".join(label[: 4 * MAX_LABEL].split())
    printable = "".join(letter for letter in words if letter.isprintable())
    return printable.encode("utf-8", errors="replace").decode()[:MAX_LABEL]

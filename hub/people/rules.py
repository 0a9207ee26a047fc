"""What names of organisations and groups, and e-mail addresses, look like."""

from __future__ import annotations

import re

from protocol.problems import Problem, ProblemCode

MAX_TITLE = 64
MAX_EMAIL = 254
"""Characters (RFC 5321, 4.5.3.1.3, without the angle brackets)."""
_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*")


def checked_title(title: str, field: str = "name") -> str:
    """The name of an organisation or a group: one line, printable. Raises :class:`Problem`."""
    plain = " ".join(title[: 4 * MAX_TITLE].split())
    if not plain or len(plain) > MAX_TITLE or not plain.isprintable() or not _is_text(plain):
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"A name has 1 to {MAX_TITLE} printable characters on one line.",
            {"field": field},
        )
    return plain


def plain_email(email: str) -> str | None:
    """An e-mail address as it is kept (lower case), None where it is none."""
    lowered = email.strip().lower()
    fits = len(lowered) <= MAX_EMAIL and _is_text(lowered) and _EMAIL.fullmatch(lowered)
    return lowered if fits else None


def checked_email(email: str) -> str:
    """An e-mail address as it is kept. Raises :class:`Problem` for one that is none."""
    plain = plain_email(email)
    if plain is None:
        raise Problem(
            ProblemCode.INVALID_REQUEST, "This is no e-mail address. Write it as name@example.org.", {"field": "email"}
        )
    return plain


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

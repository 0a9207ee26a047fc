"""Claim codes: eight random letters and one that tells a typing mistake, e.g. ``7KQM-3W9X-T``.

The letters are Crockford's base 32 (https://www.crockford.com/base32.html), 40 random bits. The ninth is the remainder
of the eight, read as a polynomial over GF(32), times x: every single wrong letter and every two letters that changed
places show. Crockford's own check is modulo 37 and needs letters such as ``*`` and ``~``, which nobody wants to read
aloud.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from protocol.problems import Problem, ProblemCode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LETTERS = 8
_LENGTH = RANDOM_LETTERS + 1
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_MAX_TYPED = 64
_FIELD = 0b100101
"""x^5 + x^2 + 1, which makes the 32 letters a field in which x has all 31 powers."""
_PURPOSE = b"hutch claim code\n"


def new_code() -> str:
    """A fresh code, ``XXXX-XXXX-X``."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
    return f"{letters[:4]}-{letters[4:]}-{check_letter(letters)}"


def check_letter(letters: str) -> str:
    """The letter that follows these letters of the alphabet."""
    rest = 0
    for letter in letters:
        rest = _times_x(rest ^ ALPHABET.index(letter))
    return ALPHABET[rest]


def plain_code(typed: str) -> str:
    """The nine letters somebody meant; case, dashes, spaces and look-alike letters are forgiven.

    Raises :class:`Problem` INVALID_REQUEST for what can be no code, without saying it back.
    """
    kept = (letter for letter in typed[: _MAX_TYPED + 1].upper() if letter.isascii() and letter.isalnum())
    letters = "".join(kept).translate(_LOOKALIKES)
    is_code = len(letters) == _LENGTH and set(letters) <= set(ALPHABET)
    if len(typed) > _MAX_TYPED or not is_code or check_letter(letters[:-1]) != letters[-1]:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            "This is not a claim code, or a letter of it is mistyped. Read it again on the device: XXXX-XXXX-X.",
        )
    return letters


def code_digest(pepper: bytes, letters: str) -> str:
    """What the database knows a code by: HMAC-SHA256 in hex, keyed with a secret that is not in the database.

    40 bits are few for a plain hash: whoever read the database could try all codes within minutes.
    """
    return hmac.new(pepper, _PURPOSE + letters.encode(), hashlib.sha256).hexdigest()


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _FIELD if doubled & 0b100000 else doubled

"""The code that makes a fresh device or hub somebody's: printed on the console, typed once in the browser."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from foundation.files import create_private, read_private, remove_private

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so a code that is read aloud or from a small screen has one spelling."""
LENGTH = 8
"""Five bits a letter: 40 bits."""
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_MAX_TYPED = 64


class SetupCode:
    """The one-time setup code in its file (mode 0600). Every method blocks for a small file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ensure(self) -> str:
        """The code, in the form ``XXXX-XXXX``; made where there is none. Raises :class:`Problem`."""
        code = self.current()
        while code is None:
            letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
            if self._path.exists():
                remove_private(self._path)
            create_private(self._path, f"{letters[:4]}-{letters[4:]}\n".encode())
            code = self.current()
        return code

    def current(self) -> str | None:
        """The code as it stands, None once it is spent (or where the file holds no code)."""
        content = read_private(self._path)
        if content is None:
            return None
        letters = _plain(content.decode("ascii", errors="replace"))
        if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
            return None
        return f"{letters[:4]}-{letters[4:]}"

    def matches(self, text: str) -> bool:
        """Whether somebody typed the code; case, dashes, spaces and look-alike letters are forgiven."""
        code = self.current()
        if code is None or len(text) > _MAX_TYPED:
            return False
        return hmac.compare_digest(_plain(code).encode(), _plain(text).encode())

    def spend(self) -> None:
        """Make the code worthless."""
        remove_private(self._path)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isascii() and letter.isalnum()).translate(_LOOKALIKES)

"""Names that grow with time: a prefix, ten digits of microseconds in base 36, ten that nobody can guess."""

from __future__ import annotations

import secrets
import time
from typing import Final, Literal

Prefix = Literal["con", "trn", "msg", "prt", "prm", "att", "wrk"]

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME_DIGITS: Final = 10
_RANDOM_DIGITS: Final = 10


class Ids:
    """Gives names; each sorts after all that were given before, also when the clock is set back while it runs."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, prefix: Prefix) -> str:
        """``prefix_`` and 20 letters and digits."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        digits = []
        rest = self._last
        for _ in range(_TIME_DIGITS):
            rest, digit = divmod(rest, len(_DIGITS))
            digits.append(_DIGITS[digit])
        tail = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_DIGITS))
        return f"{prefix}_{''.join(reversed(digits))}{tail}"

"""What a shell shows before a command runs, left out: its prompt, and the line as it was typed."""

from __future__ import annotations

import secrets
from typing import Final

_LONGEST: Final = 64 * 1024
"""Bytes without the mark after which it is not waited for any more."""


class Prelude:
    """Finds where a command's own output begins, by a mark that it is made to print first.

    The mark is an operating system command (ECMA-48, 8.3.89) of no meaning, which no terminal shows. What was typed has
    its control characters spelled out and so is never taken for it.
    """

    def __init__(self) -> None:
        token = secrets.token_hex(8)
        self._mark = b"\x1b]7717;%s\x07" % token.encode()
        self._print = f"printf '\\033]7717;{token}\\007'"
        self._held: bytes | None = b""

    def marked(self, command: str) -> str:
        """The command, for ``sh -c``, that prints the mark first."""
        return f"{self._print}; {command}"

    def feed(self, data: bytes) -> bytes:
        """What of the output so far belongs to the command, and was not given before."""
        if self._held is None:
            return data
        held = self._held + data
        before, mark, after = held.partition(self._mark)
        if not mark and len(before) <= _LONGEST:
            self._held = held
            return b""
        self._held = None
        return after if mark else held

    def rest(self) -> bytes:
        """Everything, when it ended without the mark: the shell has said why it did not run."""
        held, self._held = self._held, None
        return held or b""

"""What the pane's stream says that tmux 3.3 does not tell: some private modes, the cursor's shape, marks and bells.

Sources: xterm's control sequences (DECSET 1004 and 2004, DECSCUSR, RIS, DECSTR); OSC 7501 as some agent CLIs write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.sessions.types import SessionStatus

_TRACKED = {b"1004", b"2004"}
_SEQUENCES = re.compile(
    rb"\x1b\[\?([0-9;]+)([hl])|\x1b\[([0-9]*) q|\x1b(c|\[!p)|\x1b\]7501;([^\x07\x1b]{0,64})[\x07\x1b]"
)
_UNFINISHED = re.compile(rb"\x1b[\[\]!?0-9;a-z ]{0,80}\Z")
_OSC = re.compile(rb"\x1b[\]P^_][^\x07\x1b]*(?:\x07|\x1b\\)?")

MARKS = {
    b"working": SessionStatus.WORKING,
    b"blocked": SessionStatus.WAITING,
    b"done": SessionStatus.IDLE,
}
"""What an OSC 7501 mark means."""


class ModeTracker:
    """Reads the stream along. One look for each kind of byte decides whether a chunk is parsed at all."""

    def __init__(self, on_mark: Callable[[SessionStatus], None], on_bell: Callable[[], None]) -> None:
        self._on = dict.fromkeys(sorted(_TRACKED), False)
        self._shape = b""
        self._rest = b""
        self._tail = b""
        self._on_mark = on_mark
        self._on_bell = on_bell
        self.changed = False
        """Whether :meth:`saved` answers something new since it was last called."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self._tail = chunk[-3:] if len(chunk) >= 3 else (self._tail + chunk)[-3:]
        if b"\x07" in chunk and b"\x07" in _OSC.sub(b"", self._rest + chunk):
            self._on_bell()
        if b"\x1b" not in chunk and not self._rest:
            return
        data = self._rest + chunk
        for match in _SEQUENCES.finditer(data):
            self._apply(match)
        unfinished = _UNFINISHED.search(data, max(0, len(data) - 96))
        self._rest = unfinished.group() if unfinished else b""

    def sequences(self) -> str:
        """The escapes that bring a fresh terminal to these modes."""
        on = "".join(f"\x1b[?{mode.decode()}h" for mode, value in self._on.items() if value)
        return on + (f"\x1b[{self._shape.decode()} q" if self._shape else "")

    def partial_character(self) -> bytes:
        """The first bytes of a UTF-8 character whose rest has not come yet (RFC 3629)."""
        for length in (1, 2, 3):
            lead = self._tail[-length : len(self._tail) - length + 1]
            if lead and lead[0] >= 0xC0:
                wanted = 2 if lead[0] < 0xE0 else 3 if lead[0] < 0xF0 else 4
                return self._tail[-length:] if wanted > length else b""
            if not lead or lead[0] < 0x80:
                return b""
        return b""

    def saved(self) -> str:
        """A word that :meth:`restore` understands, made of letters, digits, ``,`` and ``:``."""
        self.changed = False
        return ",".join(mode.decode() for mode, value in self._on.items() if value) + ":" + self._shape.decode()

    def restore(self, word: str) -> None:
        """Take over what another daemon knew."""
        modes, _, shape = word.partition(":")
        known = set(modes.encode().split(b","))
        for mode in self._on:
            self._on[mode] = mode in known
        self._shape = shape.encode() if shape.isascii() and shape.isdigit() and len(shape) < 3 else b""

    def _apply(self, match: re.Match[bytes]) -> None:
        modes, switch, shape, reset, mark = match.groups()
        if modes is not None:
            for mode in modes.split(b";"):
                if mode in self._on:
                    self._set(mode, switch == b"h")
        elif shape is not None:
            self._reshape(shape[:2])
        elif reset is not None:
            for mode in self._on:
                self._set(mode, False)
            self._reshape(b"")
        elif mark is not None:
            for word, status in MARKS.items():
                if word in mark:
                    self._on_mark(status)

    def _set(self, mode: bytes, value: bool) -> None:
        self.changed = self.changed or self._on[mode] != value
        self._on[mode] = value

    def _reshape(self, shape: bytes) -> None:
        self.changed = self.changed or self._shape != shape
        self._shape = shape

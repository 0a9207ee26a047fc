"""The style that text is written in: what a row of SGR escapes leaves on (ECMA-48, 8.3.117; xterm). No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

ESCAPE = re.compile(r"\x1b\[([0-9;:]*)m")

_FOREGROUND, _BACKGROUND, _UNDERLINE_COLOUR = "foreground", "background", "underline colour"
_EXTENDED = {"38": _FOREGROUND, "48": _BACKGROUND, "58": _UNDERLINE_COLOUR}
_LENGTHS = {"5": 3, "2": 5}
"""Parameters of ``38;5;N`` and of ``38;2;R;G;B``."""

_SETS = {
    **{str(code): _FOREGROUND for code in (*range(30, 38), *range(90, 98))},
    **{str(code): _BACKGROUND for code in (*range(40, 48), *range(100, 108))},
    "1": "bold", "2": "dim", "3": "italics", "4": "underline", "5": "blink", "6": "blink", "7": "reverse",
    "8": "hidden", "9": "struck", "21": "underline", "53": "overline",
}  # fmt: skip
_ENDS = {
    "22": ("bold", "dim"), "23": ("italics",), "24": ("underline",), "25": ("blink",), "27": ("reverse",),
    "28": ("hidden",), "29": ("struck",), "55": ("overline",), "39": (_FOREGROUND,), "49": (_BACKGROUND,),
    "59": (_UNDERLINE_COLOUR,), "4:0": ("underline",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """What is on, as pairs of an aspect and the parameters that switch it on; nothing on is the default style."""

    on: tuple[tuple[str, str], ...] = ()

    @property
    def plain(self) -> bool:
        """Whether a blank in this style looks like a cell that nobody wrote."""
        return not self.on

    def escape(self) -> str:
        """The shortest escape from the default style to this one; empty for that one itself."""
        return f"\x1b[{';'.join(parameters for _, parameters in self.on)}m" if self.on else ""

    def after(self, text: str) -> Style:
        """The style in force behind a text that begins in this one."""
        if "\x1b" not in text:
            return self
        on = dict(self.on)
        for match in ESCAPE.finditer(text):
            _apply(on, match.group(1).split(";"))
        return Style(tuple(on.items()))


def _apply(on: dict[str, str], parameters: list[str]) -> None:
    at = 0
    while at < len(parameters):
        code = parameters[at]
        length = _LENGTHS.get("".join(parameters[at + 1 : at + 2]), 1) if code in _EXTENDED else 1
        _switch(on, code, ";".join(parameters[at : at + length]))
        at += length


def _switch(on: dict[str, str], code: str, parameters: str) -> None:
    if code.strip("0") == "":
        on.clear()
        return
    for aspect in _ENDS.get(code, ()):
        on.pop(aspect, None)
    kind = code.partition(":")[0]
    begins = _EXTENDED.get(kind) or _SETS.get(kind)
    if begins is not None and code not in _ENDS:
        on.pop(begins, None)
        on[begins] = parameters

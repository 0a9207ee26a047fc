"""From what tmux captures to a screen that any terminal can be given. No I/O.

Rows are written one by one; tmux carries colours from row to row, so each row here ends reset and starts with what the
row before it left on, or a terminal would paint the rest of a line. Line drawing characters come from tmux shifted to
DEC's special graphics and become the Unicode characters they stand for.

From tmux 3.4 on a row also has the cells that nobody wrote, as blanks in the default style. Blanks in that style at the
end of a row are left out whatever the version: on a cleared terminal they make no difference.

Known limits: tmux 3.3 does not capture a background colour that was cleared to the end of a line without being written
(``EL``), and no version tells the tab stops or the character set chosen at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.sessions.control_client import Command, Lines, until_end
from gateway.sessions.sgr import Style
from gateway.sessions.tmux import PANE

FIELDS = (
    "cursor_x", "cursor_y", "cursor_flag", "alternate_on", "history_size", "pane_width", "pane_height",
    "keypad_cursor_flag", "keypad_flag", "mouse_standard_flag", "mouse_button_flag", "mouse_all_flag",
    "mouse_sgr_flag", "mouse_utf8_flag", "insert_flag", "wrap_flag", "origin_flag", "scroll_region_upper",
    "scroll_region_lower", "alternate_saved_x", "alternate_saved_y",
)  # fmt: skip
"""tmux formats (tmux(1), FORMATS) that are numbers and together the state of the terminal."""

STATE = "=" + " ".join(f"#{{{field}}}" for field in FIELDS) + "|#{pane_title}"

MODES = (
    ("keypad_cursor_flag", "\x1b[?1h"),
    ("keypad_flag", "\x1b="),
    ("mouse_standard_flag", "\x1b[?1000h"),
    ("mouse_button_flag", "\x1b[?1002h"),
    ("mouse_all_flag", "\x1b[?1003h"),
    ("mouse_utf8_flag", "\x1b[?1005h"),
    ("mouse_sgr_flag", "\x1b[?1006h"),
    ("insert_flag", "\x1b[4h"),
)
"""What switches a fresh terminal to what tmux reports (xterm control sequences)."""

_SHIFTED = re.compile("\x0e([^\x0f]*)\x0f?")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_GRAPHICS = str.maketrans("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")


@dataclass(frozen=True, slots=True)
class Captured:
    """A terminal as tmux told it, in pieces that are ready to be written."""

    state: dict[str, int]
    title: str
    history: list[str]
    screen: list[str]
    saved: list[str]
    """The normal screen while the alternate one is shown."""
    pending: bytes
    """The beginning of an escape sequence that the program has not finished."""

    @property
    def cols(self) -> int:
        """Columns of the pane."""
        return self.state["pane_width"]

    @property
    def rows(self) -> int:
        """Rows of the pane."""
        return self.state["pane_height"]

    @property
    def alternate_on(self) -> bool:
        """Whether a full-screen program shows the alternate screen."""
        return bool(self.state["alternate_on"])

    def content(self) -> str:
        """The screen; with its history above it unless the alternate screen is on."""
        return "\r\n".join(self.screen if self.alternate_on else self.history + self.screen)

    def under(self) -> str:
        """What lies below the alternate screen; empty when that is off."""
        if not self.alternate_on:
            return ""
        place = _place(min(self.state["alternate_saved_x"], self.cols - 1), self.state["alternate_saved_y"])
        return "\r\n".join(self.history + self.saved) + place

    def modes(self, tracked: str) -> str:
        """What is to be written after the content; ``tracked`` are the modes known from the stream."""
        on = "".join(escape for field, escape in MODES if self.state[field])
        off = "" if self.state["wrap_flag"] else "\x1b[?7l"
        return tracked + self._region() + self._cursor() + on + off

    def _region(self) -> str:
        upper, lower = self.state["scroll_region_upper"], self.state["scroll_region_lower"]
        return "" if (upper, lower) == (0, self.rows - 1) else f"\x1b[{upper + 1};{lower + 1}r"

    def _cursor(self) -> str:
        x, y = self.state["cursor_x"], self.state["cursor_y"]
        hidden = "" if self.state["cursor_flag"] else "\x1b[?25l"
        # Behind the last column the cursor waits to wrap: only writing the row again brings a terminal there.
        waits = x >= self.cols and y < len(self.screen)
        place = _place(0, y) + self.screen[y] if waits else _place(x, y)
        if self.state["origin_flag"]:
            upper = self.state["scroll_region_upper"]
            place += f"\x1b[?6h\x1b[{max(y - upper, 0) + 1};{min(x, self.cols - 1) + 1}H"
        return place + hidden


def capture_commands(scrollback: int) -> list[Command]:
    """The commands whose answers :func:`parse` takes; run as one list they describe one moment."""

    def screen_lines(answers: list[Lines]) -> int | None:
        state, _ = _state(answers[0])
        return state["pane_height"] + min(scrollback, state["history_size"])

    start = f" -S -{scrollback}" if scrollback else ""
    return [
        Command(f"display-message -p -t {PANE} '{STATE}'", lambda _: 1),
        Command(f"capture-pane -p -e -N -t {PANE}{start}", screen_lines),
        Command(f"capture-pane -p -P -C -t {PANE}", lambda _: 1),
        Command(f"capture-pane -p -e -N -a -q -t {PANE}", until_end),
    ]


def parse(answers: Sequence[Lines]) -> Captured:
    """Put the answers of :func:`capture_commands` together."""
    state, title = _state(answers[0])
    height = state["pane_height"]
    # Where the cursor waits behind the last column, its row has to reach that column.
    whole = len(answers[1]) - height + state["cursor_y"] if state["cursor_x"] >= state["pane_width"] else None
    lines = _rows(answers[1], whole)
    saved = _rows(answers[3])[-height:] if state["alternate_on"] else []
    pending = _OCTAL.sub(lambda match: bytes([int(match.group(1), 8) & 0xFF]), b"".join(answers[2]))
    return Captured(state, title, lines[:-height], lines[-height:], saved, pending)


def _state(answer: Lines) -> tuple[dict[str, int], str]:
    numbers, _, title = answer[0].decode(errors="replace").removeprefix("=").partition("|")
    return dict(zip(FIELDS, (int(number or 0) for number in numbers.split(" ")), strict=True)), title


def _rows(lines: Lines, whole: int | None = None) -> list[str]:
    """Rows that can be written one by one; the one numbered ``whole`` keeps the blanks at its end."""
    rows = []
    style = Style()
    for number, line in enumerate(lines):
        text = line.decode(errors="replace")
        if "\x0e" in text:
            text = _SHIFTED.sub(lambda match: match.group(1).translate(_GRAPHICS), text)
        before, style = style, style.after(text)
        if style.plain and number != whole:
            text = text.rstrip(" ")
        row = before.escape() + text
        rows.append(f"{row}\x1b[0m" if "\x1b" in row else row)
    return rows


def _place(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"

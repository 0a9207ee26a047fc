"""Looking at a session the way a viewer does."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from dataclasses import dataclass, field

from gateway.sessions.types import Ended, Output, Snapshot, ViewerItem
from gateway.sessions.viewer import Viewer

SECONDS = 20.0
_PIECES = re.compile(r"\x1b\[[0-9;:]*m|\x1b\]8;[^\x1b]*\x1b\\|.", re.DOTALL)


@dataclass
class Seen:
    """What a viewer got: the snapshots, and the bytes since the last of them."""

    snapshots: list[Snapshot] = field(default_factory=list)
    output: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)
    ended: Ended | None = None

    def take(self, item: ViewerItem) -> None:
        if isinstance(item, Snapshot):
            self.snapshots.append(item)
            self.output.clear()
            self.frames.clear()
        elif isinstance(item, Output):
            self.output += item.payload
            self.frames.append(item.seq)
        elif isinstance(item, Ended):
            self.ended = item

    @property
    def text(self) -> str:
        """The screen up to where the cursor stood, and what was written there since."""
        screen = up_to_cursor(self.snapshots[-1]) if self.snapshots else ""
        return screen + self.output.decode(errors="replace")

    def shows(self, text: str) -> bool:
        """Whether the text stood anywhere on the screen, or has come, in part or whole, since."""
        return text in self.text or bool(self.snapshots and text in self.snapshots[-1].content)


def up_to_cursor(snapshot: Snapshot) -> str:
    """The content of a snapshot with nothing after the cursor, where the next output goes on."""
    rows = snapshot.content.split("\r\n")
    above = snapshot.scrollback * (not snapshot.alternate_on) + snapshot.cursor_y
    return "\r\n".join([*rows[:above], _columns(rows[above], snapshot.cursor_x)])


def _columns(row: str, wanted: int) -> str:
    """The first columns of a row, with blanks where it is shorter; escapes take none."""
    kept, width = "", 0
    for piece in _PIECES.findall(row):
        wide = _width(piece)
        if width + wide > wanted:
            break
        kept, width = kept + piece, width + wide
    return kept + " " * (wanted - width)


def _width(piece: str) -> int:
    if piece.startswith("\x1b") or unicodedata.combining(piece):
        return 0
    return 2 if unicodedata.east_asian_width(piece) in "WF" else 1


async def first_screen(viewer: Viewer) -> Seen:
    """Take the first snapshot, so that what is typed afterwards comes as output and not half in each."""
    seen = Seen()
    async with asyncio.timeout(SECONDS):
        seen.take(await anext(viewer))
    return seen


async def until(viewer: Viewer, text: str, seen: Seen | None = None, seconds: float = SECONDS) -> Seen:
    """Read until the text stands on the screen or in the output."""
    seen = seen or Seen()
    async with asyncio.timeout(seconds):
        while not seen.shows(text):
            seen.take(await anext(viewer))
    return seen


async def to_end(viewer: Viewer, seen: Seen | None = None) -> Seen:
    """Read until the session is over."""
    seen = seen or Seen()
    async with asyncio.timeout(SECONDS):
        async for item in viewer:
            seen.take(item)
    return seen

"""What the rest of Hutch sees of a session: plain values, no tmux."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

MAX_FRAME_PAYLOAD = 16 * 1024
"""Bytes of terminal output in one frame at most (wire v1)."""
MAX_PENDING = 1024
"""Bytes of an unfinished sequence that may be put before a viewer's first frame."""
MAX_PIECE = MAX_FRAME_PAYLOAD - MAX_PENDING
"""Bytes of output that get one number; every frame made of them has room for what is put before it."""
COLS = (2, 1000)
ROWS = (1, 500)


def is_size(cols: int, rows: int) -> bool:
    """Whether tmux and programs can work with a terminal of this size."""
    return COLS[0] <= cols <= COLS[1] and ROWS[0] <= rows <= ROWS[1]


class SessionStatus(StrEnum):
    """What a session is doing, as far as its terminal tells."""

    STARTING = "starting"
    WORKING = "working"
    WAITING = "waiting"
    IDLE = "idle"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What a session is to be. ``agent`` None starts the login shell."""

    name: str
    workdir: Path
    agent: str | None = None
    session_id: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    claude_md: str | None = None
    agents_md: str | None = None
    cols: int = 80
    rows: int = 24
    returns: bool = True
    """Start again in its folder after a reboot."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as it stands. Times are aware UTC."""

    id: str
    name: str
    agent: str | None
    workdir: Path
    status: SessionStatus
    title: str
    cols: int
    rows: int
    created_at: datetime
    last_activity_at: datetime
    returns: bool
    pid: int | None = None
    exit_code: int | None = None
    viewers: int = 0
    problem: str | None = None
    """Why the session failed, as a sentence; None otherwise."""
    output_bytes: int = 0
    """Bytes the program has written since the daemon took the session over."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A screen at one moment; ``seq`` is the number of the first output frame that comes after it.

    ``content`` is the text with SGR escapes, lines separated by CR LF, ready to be written to a cleared terminal of
    ``cols`` by ``rows``; it starts with ``scrollback`` lines of history, unless ``alternate_on``. ``modes`` are the
    escape sequences that bring a fresh terminal into the modes of this one (mouse, bracketed paste, application cursor
    keys); they end by placing the cursor, so they are written last. Cursor positions count from 0; ``cursor_x`` is
    ``cols`` after a character in the last column.

    While a full-screen program shows the alternate screen, ``under`` is what lies below it: the history and the normal
    screen, with the cursor placed. :meth:`replay` puts everything together.
    """

    session_id: str
    seq: int
    content: str
    cols: int
    rows: int
    cursor_x: int
    cursor_y: int
    cursor_visible: bool
    alternate_on: bool
    scrollback: int = 0
    modes: str = ""
    title: str = ""
    under: str = ""

    def replay(self) -> str:
        """Everything to write to a reset terminal of ``cols`` by ``rows`` so that it shows this screen."""
        return self.full_content() + self.modes

    def full_content(self) -> str:
        """What lies under a full-screen program, the change to its screen, and the screen itself."""
        return (self.under + "\x1b[?1049h\x1b[H" if self.alternate_on else "") + self.content


@dataclass(frozen=True, slots=True)
class Output:
    """One frame of the pane's own bytes, at most :data:`MAX_FRAME_PAYLOAD`."""

    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    """The terminal has another size now; a snapshot of that size follows."""

    cols: int
    rows: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; nothing follows."""

    exit_code: int | None


ViewerItem = Snapshot | Output | Resized | Ended

"""The mark by which everything a session started is found (:func:`gateway.programs.processes.find`).

The id alone would not do: two devices on one machine may have sessions of the same id.
"""

from __future__ import annotations

from pathlib import Path

_MARK = "HUTCH_SESSION_SOCKET"
_ID = "HUTCH_SESSION_ID"
MARKS = frozenset({_MARK, _ID})
"""Variables that Hutch sets in every session itself."""


def marks(session_id: str, socket: Path) -> dict[str, str]:
    """What a session's programs have in their environment: its id for them, its tmux socket for :func:`mark`."""
    return {_ID: session_id, _MARK: str(socket)}


def mark(socket: Path) -> str:
    """The variable that the programs of one session inherit, and no other's."""
    return f"{_MARK}={socket}"

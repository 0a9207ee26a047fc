"""The mark by which everything a session started is found (:func:`gateway.programs.processes.find`).

The id alone would not do: two devices on one machine may have sessions of the same id.
"""

from __future__ import annotations

from pathlib import Path

from gateway.agents.hook_program import VARIABLE

_MARK = "HUTCH_SESSION_SOCKET"
_ID = "HUTCH_SESSION_ID"
MARKS = frozenset({_MARK, _ID, VARIABLE})
"""Variables that Hutch sets in every session itself."""


def marks(session_id: str, socket: Path) -> dict[str, str]:
    """What a session's programs have in their environment: its id and hooks for them, its socket for :func:`mark`."""
    return {_ID: session_id, _MARK: str(socket), VARIABLE: str(hooks_of(socket))}


def hooks_of(socket: Path) -> Path:
    """The FIFO through which the programs of a session tell what they do."""
    return socket.with_suffix(".hook")


def mark(socket: Path) -> str:
    """The variable that the programs of one session inherit, and no other's."""
    return f"{_MARK}={socket}"

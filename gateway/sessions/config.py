"""Where sessions live and how much they may take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SessionsConfig:
    """Settings of :class:`gateway.sessions.manager.Sessions`.

    ``socket_dir`` and ``state_dir`` are made with mode 0700. ``socket_dir`` may be lost at a reboot; ``state_dir`` must
    survive it, because the environment of sessions that return lies there. ``ring_bytes`` bounds the output kept for
    viewers that lag, per session.
    """

    socket_dir: Path
    state_dir: Path
    workspace_root: Path
    shell: str | None = None
    """The login shell; None takes the user's own."""
    history_lines: int = 10_000
    ring_bytes: int = 4 * 1024 * 1024
    max_sessions: int = 50
    tmux: str = "tmux"
    """The program to run, a name looked up in PATH or a path."""

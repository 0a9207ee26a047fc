"""What conversations are told by the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_AGENT_BYTES: Final = 700 * 1024 * 1024
"""What an awake agent takes at most of those measured (opencode at work), rounded up."""
_MOST: Final = 12


@dataclass(frozen=True, slots=True)
class ConversationsConfig:
    """Folders, limits and times (seconds) of the conversations of one device."""

    workspace_root: Path
    state: Path
    """A private folder of the daemon: attachments, and which programs run."""
    max_awake: int
    max_queued: int = 20
    """Messages that wait behind the one that runs, of one conversation."""
    idle_seconds: float = 600.0
    """How long an agent stays awake after its turn."""
    spare_seconds: float = 60.0
    """How long one has to be idle to make room for one that is woken ahead of a message."""
    warm_seconds: float = 120.0
    """How long one stays awake that was woken ahead of a message, when none comes."""
    start_seconds: float = 120.0
    silence_seconds: float = 900.0
    tool_silence_seconds: float = 7200.0
    """The same while a tool runs: builds are silent for long."""


def awake_for(ram_bytes: int) -> int:
    """How many agents may be awake on a machine with so much memory: half of it is theirs, and one always may."""
    return max(1, min(_MOST, ram_bytes // 2 // _AGENT_BYTES))

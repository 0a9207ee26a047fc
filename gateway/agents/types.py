"""What is known of an agent CLI on this device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AgentName = Literal["claude-code", "codex", "gemini", "opencode"]


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """Whether a CLI is there; ``version`` is what the program prints, ``pinned`` what an installation would bring."""

    agent: AgentName
    title: str
    binary: str
    installed: bool
    version: str | None
    pinned: str

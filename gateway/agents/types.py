"""What is known of an agent CLI on this device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AgentName = Literal["claude-code", "codex", "gemini", "opencode"]

Login = Literal["account", "key", "none"]
"""How a CLI is logged in: by its vendor's own login, with a key that Hutch keeps, or not at all."""


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """Whether a CLI is there; ``version`` is what the program prints, ``pinned`` what an installation would bring."""

    agent: AgentName
    title: str
    binary: str
    installed: bool
    version: str | None
    pinned: str
    ours: bool = False
    """Whether Hutch installed it, and so can remove it."""
    built_in: bool = False
    """Whether it came with the system; then it is of the pinned version, and stays."""
    converses: bool = False
    """Whether conversations can be held with it."""
    login: Login = "none"
    key_variable: str | None = None
    """The variable in which it gets the key that is kept for it."""
    key_variables: tuple[str, ...] = ()
    """Those in which it takes one, the usual one first."""
    installing: bool = False

"""The one table of versions: every program that Hutch installs for agents.

They are pinned because a registry's newest one may need a newer Node, lack the arm64 build, or have renamed an option
we pass. The newest opencode whose linux-arm64 package is in the registry too is an older one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pin:
    """One npm package at one version."""

    package: str
    version: str


PINS: Mapping[str, Pin] = {
    "claude-code": Pin("@anthropic-ai/claude-code", "2.1.329"),
    "claude-code-acp": Pin("@agentclientprotocol/claude-agent-acp", "0.100.0"),
    "codex": Pin("@openai/codex", "0.169.0"),
    "codex-acp": Pin("@agentclientprotocol/codex-acp", "2.6.0"),
    "gemini": Pin("@google/gemini-cli", "0.61.0"),
    "opencode": Pin("opencode-ai", "1.18.18"),
}
"""By the name of the CLI; what speaks ACP for one that does not by itself has its name and ``-acp``."""

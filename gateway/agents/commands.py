"""What sessions need to know of agent CLIs: how one is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class AgentCommands(Protocol):
    """How the agent CLIs of this device are started."""

    def command(self, agent: str) -> Sequence[str]:
        """The argument vector that starts a CLI in a terminal; a Problem (AGENT_MISSING) when it is not installed."""

    def environment(self) -> Mapping[str, str]:
        """The variables a session gets on top of its own: PATH with the CLIs, and no self-updates behind our back."""

"""What sessions need to know of agent CLIs: how one is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from gateway.agents.cli import Start


class AgentCommands(Protocol):
    """How the agent CLIs of this device are started."""

    def command(self, agent: str) -> Sequence[str]:
        """The argument vector that starts a CLI in a terminal; a Problem (AGENT_MISSING) when it is not installed."""

    def environment(self) -> Mapping[str, str]:
        """The variables a session gets on top of its own: PATH with the CLIs, and no self-updates behind our back."""

    async def terminal(self, agent: str, *, folder: Path, environment: Mapping[str, str], login: bool = False) -> Start:
        """Make a CLI ready for a folder: settings that keep it from asking first, hooks, and its key.

        The answer has the whole environment: ``environment``, and what only this CLI's process gets. With ``login`` it
        starts the vendor's own login.
        """

"""How a session learns what to run for an agent CLI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class AgentCommands(Protocol):
    """Turns the name of an agent CLI into a command. Both methods may look at files; they are called in a thread."""

    def command(self, agent: str) -> Sequence[str]:
        """The program and its arguments.

        Raises:
            Problem: ``AGENT_MISSING`` where the CLI is unknown or not installed.
        """

    def environment(self) -> Mapping[str, str]:
        """Variables every session gets, at least ``PATH`` with the folder the CLIs are installed in."""

"""An agent that does what its prompts say, over the real protocol: ``python -m tests.doubles.acp_agent``.

Each line of a prompt is a step (:mod:`tests.doubles.acp_agent.steps`); a line that is none is answered with an echo.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.agents.acp import AcpLaunch, Quirks
from gateway.conversations.types import Manner, Permission
from protocol.problems import Problem, ProblemCode

ROOT = Path(__file__).parents[3]


@dataclass
class ScriptedCommands:
    """Starts the scripted agent for every CLI. Implements :class:`gateway.conversations.waking.AgentStarts`."""

    state: Path
    """Where the agent keeps what it remembers of its sessions."""
    options: Sequence[str] = ()
    quirks: Quirks = field(default_factory=Quirks)
    missing: bool = False
    mode: str | None = None
    modes: Mapping[Permission, str] = field(default_factory=dict)
    starts: list[Manner] = field(default_factory=list)
    """How each program was to work that was started."""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """The environments of workers that were asked for."""

    def command(self, agent: str) -> Sequence[str]:
        """The program; AGENT_MISSING where it is to be missing."""
        if self.missing:
            raise Problem(ProblemCode.AGENT_MISSING, f"{agent} is not installed. Install it first.")
        return (sys.executable, "-m", "tests.doubles.acp_agent", "--state", str(self.state), *self.options)

    async def conversation(
        self,
        cli: str,
        *,
        folder: Path,
        permission: Permission,
        model: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> AcpLaunch:
        """How to start it."""
        self.asked.append(dict(environment or {}))
        self.starts.append(Manner(permission, model))
        return AcpLaunch(
            cli=cli,
            command=tuple(self.command(cli)),
            environment={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            mode=self.mode,
            modes=self.modes,
            model=None,
            model_option="model",
            quirks=self.quirks,
        )

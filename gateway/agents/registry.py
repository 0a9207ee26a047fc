"""The agent CLIs Hutch knows, one row for each."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gateway.agents.claude_code import CLAUDE_CODE
from gateway.agents.cli import AgentCli, Ways
from gateway.agents.codex import CODEX
from gateway.agents.gemini import GEMINI
from gateway.agents.opencode import OPENCODE
from protocol.problems import Problem, ProblemCode

CATALOG: Mapping[str, AgentCli] = {cli.name: cli for cli in (CLAUDE_CODE, CODEX, GEMINI, OPENCODE)}
"""Every agent CLI by its name."""


def cli_named(catalog: Mapping[str, AgentCli], agent: str) -> AgentCli:
    """The row of a CLI. Raises INVALID_REQUEST with the names there are."""
    cli = catalog.get(agent)
    if cli is None:
        names = ", ".join(catalog)
        raise Problem(ProblemCode.INVALID_REQUEST, f"There is no agent CLI of that name. Choose one of: {names}.")
    return cli


def session_variables(catalog: Mapping[str, AgentCli], *, root: bool | None = None) -> dict[str, str]:
    """The variables all CLIs of a catalog need in a session; ``root`` says whether sessions run as root."""
    as_root = os.geteuid() == 0 if root is None else root
    found: dict[str, str] = {}
    for cli in catalog.values():
        found.update(cli.environment)
        found.update(cli.as_root if as_root else {})
    return found


def ways_of(agent: str | None) -> Ways | None:
    """How the CLI of a session speaks of itself; None for a shell and for a name nobody knows."""
    cli = CATALOG.get(agent) if agent is not None else None
    return cli.ways if cli is not None else None

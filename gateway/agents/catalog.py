"""The agent CLIs Hutch knows: one table, with every version in it.

The versions are pinned because a registry's newest one may need a newer Node, lack the arm64 build, or have renamed an
option we pass. Sizes are those of an installed tree on arm64, in MB, rounded up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from protocol.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class AgentCli:
    """One agent CLI: where it comes from and how it is started in a terminal."""

    name: str
    title: str
    binary: str
    package: str
    version: str
    disk_mb: int
    node_major: int
    """The oldest Node that installs and starts it."""
    arguments: tuple[str, ...] = ()
    """What a terminal session passes to the program."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables it needs in every session."""
    as_root: Mapping[str, str] = field(default_factory=dict)
    """Variables it needs besides where sessions run as root (a container, a developer's machine)."""
    setup: tuple[str, ...] = ()
    """The package's own install step, run in its folder. Scripts of all other packages are not run."""
    source: str | None = None
    """What npm is to install instead of ``package@version``: the path of a tarball."""


_CLIS = (
    AgentCli(
        name="claude-code",
        title="Claude Code",
        binary="claude",
        package="@anthropic-ai/claude-code",
        version="2.1.329",
        disk_mb=380,
        node_major=18,
        # Its own default is a mode that decides by itself; people expect to be asked.
        arguments=("--permission-mode", "default"),
        environment={"DISABLE_AUTOUPDATER": "1"},
        as_root={"IS_SANDBOX": "1"},
        setup=("node", "install.cjs"),
    ),
    AgentCli(
        name="codex",
        title="Codex",
        binary="codex",
        package="@openai/codex",
        version="0.169.0",
        disk_mb=425,
        node_major=16,
        # Without it every start copies the program (400 MB) and leaves two background processes.
        arguments=("--no-daemon",),
    ),
    AgentCli(
        name="gemini",
        title="Gemini CLI",
        binary="gemini",
        package="@google/gemini-cli",
        version="0.61.0",
        disk_mb=100,
        node_major=20,
        environment={"GEMINI_CLI_NO_RELAUNCH": "true"},
    ),
    AgentCli(
        name="opencode",
        title="opencode",
        binary="opencode",
        package="opencode-ai",
        # The newest version whose linux-arm64 package is in the registry too.
        version="1.18.18",
        disk_mb=360,
        node_major=18,
        environment={"OPENCODE_DISABLE_AUTOUPDATE": "1"},
        setup=("node", "postinstall.mjs"),
    ),
)

CATALOG: Mapping[str, AgentCli] = {cli.name: cli for cli in _CLIS}
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

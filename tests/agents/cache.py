"""The pinned CLIs, installed once by Hutch's own installer: ``python -m tests.agents.cache`` prints where.

``HUTCH_AGENTS_CACHE`` names another folder than ``.cache/agents`` of the checkout. Each set of versions has a folder of
its own in it, so that checkouts of different versions can share one.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.agents import trees
from gateway.agents.cli import AgentCli
from gateway.agents.installer import Agents
from gateway.agents.pins import PINS
from gateway.agents.registry import CATALOG
from gateway.events.types import AgentInstallProgress, AnyEvent
from protocol.problems import Problem

VARIABLE = "HUTCH_AGENTS_CACHE"
ROOT = Path(__file__).parent.parent.parent


class Progress:
    """Passes on what an installation says. Implements :class:`gateway.events.publisher.Publisher`."""

    def publish(self, event: AnyEvent) -> None:
        """Print the lines of an installation."""
        if isinstance(event, AgentInstallProgress):
            sys.stderr.write(f"  {event.agent}: {event.line}\n")


def prefix_in(environment: Mapping[str, str]) -> Path:
    """The folder of the pinned versions."""
    told = ",".join(f"{pin.package}@{pin.version}" for pin in PINS.values())
    base = Path(environment.get(VARIABLE) or ROOT / ".cache" / "agents")
    return base.absolute() / hashlib.sha256(told.encode()).hexdigest()[:12]


def missing(prefix: Path) -> list[str]:
    """The CLIs that are not there whole, at their pinned versions."""
    return [cli.name for cli in CATALOG.values() if not _is_whole(prefix, cli)]


def _is_whole(prefix: Path, cli: AgentCli) -> bool:
    found = trees.find(prefix, cli)
    if found is None or not found.ours or found.version != cli.version:
        return False
    return cli.adapter is None or found.adapter is not None


async def fill(prefix: Path) -> None:
    """Install what is missing; each is started once to see that it runs. Raises Problem."""
    agents = Agents(prefix, Progress())
    for name in missing(prefix):
        await agents.install(name)


def main() -> int:
    """Fill the cache, one process at a time, and print the prefix."""
    prefix = prefix_in(os.environ)
    prefix.mkdir(parents=True, exist_ok=True)
    with (prefix.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            asyncio.run(fill(prefix))
        except Problem as problem:
            sys.stderr.write(f"{problem.message}\n")
            return 1
    sys.stdout.write(f"{prefix}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

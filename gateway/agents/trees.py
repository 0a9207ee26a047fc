"""Installed CLIs on disk: a folder per version, and one link per CLI that says which counts.

``PREFIX/NAME-VERSION-…/`` is npm's tree; ``PREFIX/NAME`` links to the one in use; ``PREFIX/bin/BINARY`` leads
through it. What speaks ACP for the CLI lies in ``acp/`` of the same tree, so that both change at once. A tree is
complete before it gets its name, and the link is swapped in one step, so an installation that fails or is interrupted
never touches a working one. A system may bring CLIs in a prefix of its own, laid out the same way and read-only: one of
the pinned version counts before ours. :mod:`gateway.agents.inside` writes; this only looks, and does file I/O: call it
in a thread.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.agents.cli import AgentCli
from gateway.agents.inside import PARTIAL
from gateway.agents.versions import package_version, version_near


@dataclass(frozen=True, slots=True)
class Found:
    """A CLI that is there: what to start, and its version where that is known."""

    program: Path
    version: str | None
    adapter: Path | None = None
    """What speaks ACP for it, where it needs one and has it."""
    ours: bool = False
    """Whether Hutch installed it."""
    built_in: bool = False
    """Whether the system brought it."""


def find(prefix: Path, cli: AgentCli, built_in: Path | None = None) -> Found | None:
    """The CLI that counts; None when it is nowhere.

    The one of the pinned version in the system's prefix ``built_in``, else that in ours, else one that is installed on
    the machine and on PATH.
    """
    brought = found_in(built_in / cli.name, cli) if built_in is not None else None
    if brought is not None and brought.version == cli.version:
        return replace(brought, built_in=True)
    tree = prefix / cli.name
    ours = found_in(tree, cli)
    if ours is not None:
        return replace(ours, ours=True)
    elsewhere = shutil.which(cli.binary)
    if elsewhere is None:
        return None
    return Found(Path(elsewhere), version_near(Path(elsewhere), cli.package), _adapter_in(tree, cli))


def found_in(tree: Path, cli: AgentCli) -> Found | None:
    """The CLI in one tree; None when the tree has no program that can be run."""
    program = program_of(tree, cli)
    if not os.access(program, os.X_OK):
        return None
    return Found(program, package_version(package_folder(tree, cli), cli.package), _adapter_in(tree, cli))


def _adapter_in(tree: Path, cli: AgentCli) -> Path | None:
    adapter = adapter_of(tree, cli)
    return adapter if adapter is not None and os.access(adapter, os.X_OK) else None


def program_of(tree: Path, cli: AgentCli) -> Path:
    """Where a tree has the program."""
    return tree / "node_modules" / ".bin" / cli.binary


def adapter_folder(tree: Path) -> Path:
    """Where a tree has the npm folder of what speaks ACP."""
    return tree / "acp"


def adapter_of(tree: Path, cli: AgentCli) -> Path | None:
    """Where a tree has what speaks ACP; None for a CLI that does so itself."""
    return adapter_folder(tree) / "node_modules" / ".bin" / cli.adapter.binary if cli.adapter else None


def package_folder(tree: Path, cli: AgentCli) -> Path:
    """Where a tree has the package."""
    return tree / "node_modules" / cli.package


def partial_name(cli: AgentCli) -> str:
    """A name for a tree that is being made; the tree's own is the same without its end."""
    return f"{cli.name}-{cli.version}-{secrets.token_hex(4)}{PARTIAL}"


def free_mb(prefix: Path) -> int:
    """MB free on the disk that holds the prefix, or would."""
    there = next(folder for folder in (prefix, *prefix.parents) if folder.is_dir())
    return shutil.disk_usage(there).free // 1_000_000

"""Installed CLIs on disk: a folder per version, and one link per CLI that says which counts.

``PREFIX/NAME-VERSION/`` is npm's tree; ``PREFIX/NAME`` links to the one in use; ``PREFIX/bin/BINARY`` leads through it.
A tree is complete before it gets its name, and the link is swapped in one step, so an installation that fails or is
interrupted never touches a working one. All functions do file I/O: call them in a thread.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.agents.catalog import AgentCli
from gateway.agents.versions import package_version, version_near

PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Found:
    """A CLI that is there: what to start, and its version where that is known."""

    program: Path
    version: str | None


def find(prefix: Path, cli: AgentCli) -> Found | None:
    """The CLI in our prefix, else one that is installed on the machine and on PATH; None when it is nowhere."""
    ours = program_of(prefix / cli.name, cli)
    if os.access(ours, os.X_OK):
        return Found(ours, package_version(package_folder(prefix / cli.name, cli), cli.package))
    elsewhere = shutil.which(cli.binary)
    return Found(Path(elsewhere), version_near(Path(elsewhere), cli.package)) if elsewhere else None


def program_of(tree: Path, cli: AgentCli) -> Path:
    """Where a tree has the program."""
    return tree / "node_modules" / ".bin" / cli.binary


def package_folder(tree: Path, cli: AgentCli) -> Path:
    """Where a tree has the package."""
    return tree / "node_modules" / cli.package


def begin(prefix: Path, cli: AgentCli) -> Path:
    """Make an empty folder for a new tree, and clear away what earlier installations of this CLI left."""
    prefix.mkdir(mode=0o755, parents=True, exist_ok=True)
    clear(prefix, cli)
    partial = prefix / f"{cli.name}-{cli.version}-{secrets.token_hex(4)}{PARTIAL}"
    partial.mkdir(mode=0o755)
    return partial


def commit(prefix: Path, cli: AgentCli, partial: Path) -> None:
    """Give a complete tree its name and make it the one in use.

    The tree before it stays until the next installation, because sessions may still run from it.
    """
    tree = partial.with_name(partial.name.removesuffix(PARTIAL))
    partial.rename(tree)
    swap_link(prefix / cli.name, tree.name)
    (prefix / "bin").mkdir(mode=0o755, exist_ok=True)
    swap_link(prefix / "bin" / cli.binary, str(program_of(Path("..") / cli.name, cli)))


def discard(partial: Path) -> None:
    """Remove a tree that did not come to be."""
    shutil.rmtree(partial, ignore_errors=True)


def clear(prefix: Path, cli: AgentCli) -> None:
    """Remove unfinished trees and those no longer in use of one CLI."""
    used = _target(prefix / cli.name)
    for tree in _trees(prefix, cli):
        if tree.name != used:
            discard(tree)


def swap_link(link: Path, target: str) -> None:
    """Point a link somewhere else in one step: there is no moment at which it is missing."""
    fresh = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    fresh.symlink_to(target)
    fresh.replace(link)


def free_mb(prefix: Path) -> int:
    """MB free on the disk that holds the prefix, or would."""
    there = next(folder for folder in (prefix, *prefix.parents) if folder.is_dir())
    return shutil.disk_usage(there).free // 1_000_000


def _trees(prefix: Path, cli: AgentCli) -> Iterator[Path]:
    for entry in prefix.iterdir():
        if entry.name.startswith(f"{cli.name}-") and entry.is_dir() and not entry.is_symlink():
            yield entry


def _target(link: Path) -> str | None:
    return str(link.readlink()) if link.is_symlink() else None

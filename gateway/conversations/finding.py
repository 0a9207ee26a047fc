"""Finding files by a part of their path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.workspaces.beneath import opened_root
from gateway.workspaces.rights import Rights

MOST: Final = 20_000
_DEPTH: Final = 12
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__", "target", "venv"})


def walked(folder: Path, rights: Rights) -> list[str]:
    """The files below a folder, links not followed, hidden folders and those of tools left out.

    Blocks. Raises OSError; Problem for a folder that has to belong to agents and does not.
    """
    found: list[str] = []
    with opened_root(folder, rights) as root:
        for here, folders, files, _ in os.fwalk(".", dir_fd=root):
            inside = os.path.normpath(here)
            depth = 0 if inside == "." else inside.count("/") + 1
            folders[:] = [] if depth >= _DEPTH else sorted(n for n in folders if n[0] != "." and n not in _LEFT_OUT)
            found += [name if inside == "." else f"{inside}/{name}" for name in sorted(files)]
            if len(found) >= MOST:
                break
    return found[:MOST]


def best(paths: Sequence[str], text: str, limit: int) -> list[str]:
    """Those that go with a text: its name begins with it, has it, its path has it, or has its letters in this order."""
    wanted = text.casefold()
    ranked = [(rank, len(path), path) for path in paths[:MOST] if (rank := _rank(path.casefold(), wanted)) is not None]
    return [path for _, _, path in sorted(ranked)[:limit]]


def _rank(path: str, wanted: str) -> int | None:
    name = path.rpartition("/")[2]
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    if wanted in path:
        return 2
    letters = iter(path)
    return 3 if all(letter in letters for letter in wanted) else None

"""A folder at one moment, as a git tree: what a turn changed is the difference of two.

The person's index, branches and objects are never touched: an index of our own, copied from theirs so that unchanged
files are not read again, and objects in a folder of our own beside theirs (``hutch-objects``).
"""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path
from typing import Final

from gateway.conversations.git.git import Git
from protocol.problems import Problem

KEPT_DAYS: Final = 30
"""How long the objects of a snapshot are kept, and with them what a turn changed."""
_SECONDS: Final = 10.0
_TREE: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

OBJECTS: Final = """
set -e
common=$(git rev-parse --path-format=absolute --git-common-dir)
export GIT_ALTERNATE_OBJECT_DIRECTORIES="$common/objects"
export GIT_OBJECT_DIRECTORY="$common/hutch-objects"
mkdir -p "$GIT_OBJECT_DIRECTORY"
"""
"""Puts git's objects into a folder of ours, those of the repository readable beside them."""

_TAKE: Final = f"""{OBJECTS}
index=$(git rev-parse --path-format=absolute --git-path "hutch-index-$HUTCH_NAME")
trap 'rm -f "$index" "$index.lock"' EXIT
# With its time: a file changed in the second the index is from counts as unread (gitformat-index(5), racy git).
cp -p "$(git rev-parse --path-format=absolute --git-path index)" "$index" 2>/dev/null || true
export GIT_INDEX_FILE="$index"
git -c advice.addEmbeddedRepo=false add -A -- .
git write-tree
"""
_PRUNE: Final = f"""{OBJECTS}
find "$GIT_OBJECT_DIRECTORY" -type f -mtime +{KEPT_DAYS} -delete
"""


class Snapshots:
    """Takes snapshots."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._pruned: set[Path] = set()

    async def take(self, folder: Path) -> str | None:
        """The tree of a folder as it is; None where there is no repository, or it takes too long."""
        if not await asyncio.to_thread(self._may_be_repository, folder):
            return None
        try:
            if folder not in self._pruned:
                self._pruned.add(folder)
                await self._git.shell(folder, _PRUNE, seconds=_SECONDS)
            said = await self._git.shell(
                folder, _TAKE, variables={"HUTCH_NAME": secrets.token_hex(8)}, seconds=_SECONDS
            )
        except Problem:
            return None
        tree = said.output.decode(errors="replace").strip()
        return tree if said.code == 0 and _TREE.fullmatch(tree) else None

    def _may_be_repository(self, folder: Path) -> bool:
        """A look that costs next to nothing, so that folders without git pay for no program."""
        return any((above / ".git").exists() for above in (folder, *folder.parents))

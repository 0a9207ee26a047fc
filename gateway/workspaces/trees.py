"""Removing whole folders, and looking for leftovers in them, without following links and without end."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from gateway.programs.chores import Chores
from gateway.workspaces.beneath import MAX_DEPTH
from protocol.problems import Problem, ProblemCode

MAX_REMOVED = 1_000_000
"""Names one removal takes away at most."""
MAX_REMOVE_DEPTH = 200
"""Folders inside each other one removal enters; each holds a file descriptor meanwhile."""
MAX_SEARCHED = 200_000
"""Names one search for leftovers looks at."""

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(parent: int, name: str, chores: Chores) -> None:
    """Remove a file, link or folder with all that is in it; links are removed, never followed.

    Raises OSError as unlink(2) and rmdir(2) do, TOO_LARGE when a bound is met; what was removed until then stays so.
    """
    _Removal(chores).remove(parent, name, 0)


class _Removal:
    def __init__(self, chores: Chores) -> None:
        self._chores = chores
        self._left = MAX_REMOVED

    def remove(self, parent: int, name: str, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > MAX_REMOVE_DEPTH:
            raise Problem(
                ProblemCode.TOO_LARGE,
                f"The folder has more than {MAX_REMOVED} names or {MAX_REMOVE_DEPTH} levels in it: only a part is "
                "removed. Remove the rest in a terminal.",
            )
        if not _is_folder(parent, name):
            self._chores.remove_in(parent, name)
            return
        self._empty(parent, name, depth)
        self._chores.remove_folder_in(parent, name)

    def _empty(self, parent: int, name: str, depth: int) -> None:
        fd = os.open(name, _FOLDER_FLAGS, dir_fd=parent)
        try:
            for below in os.listdir(fd):  # noqa: PTH208  (pathlib has no folders by descriptor)
                self.remove(fd, below, depth + 1)
        finally:
            os.close(fd)


def _is_folder(parent: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def remove_leftovers(root: int, is_leftover: Callable[[str], bool], chores: Chores) -> int:
    """Remove every regular file below ``root`` whose name is a leftover; returns how many that were.

    Folders that cannot be read, names that vanish meanwhile and what lies deeper than paths go are passed over.
    """
    removed, left = 0, MAX_SEARCHED
    for path, folders, files, fd in os.fwalk(".", dir_fd=root, follow_symlinks=False):
        if path.count("/") >= MAX_DEPTH:
            folders.clear()
        left -= len(folders) + len(files)
        removed += sum(_remove_plain(fd, name, chores) for name in files if is_leftover(name))
        if left < 0:
            break
    return removed


def _remove_plain(parent: int, name: str, chores: Chores) -> bool:
    try:
        if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            return False
        chores.remove_in(parent, name)
    except OSError:
        return False
    return True

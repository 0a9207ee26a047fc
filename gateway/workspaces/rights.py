"""With whose rights a workspace is changed.

The daemon walks and reads with its own rights, one open folder after the other and never through a link. What it
changes it has the agents' account do, below a folder that it holds open: a file is the agents' own from its first byte,
and nothing that an agent swaps in can be changed with more rights than an agent has.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gateway.programs.chores import Chores
from gateway.programs.work import do
from protocol.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class Rights:
    """Who changes files. ``owner`` is the account that the workspace has to belong to; None: no account is apart."""

    chores: Chores
    owner: int | None = None

    def check_root(self, fd: int, root: Path) -> None:
        """Refuse a root that an agent has put in the place of the real one.

        Raises:
            Problem: ``PERMISSION_DENIED``.
        """
        if self.owner is not None and os.fstat(fd).st_uid != self.owner:
            raise Problem(
                ProblemCode.PERMISSION_DENIED,
                f"The workspace {root} does not belong to the account that agents work in. Give it back to them.",
            )

    def check_file(self, state: os.stat_result) -> None:
        """Refuse a file that may be somebody else's, linked into the workspace under a second name. Raises OSError."""
        if self.owner is not None and state.st_nlink > 1 and state.st_uid != self.owner:
            raise PermissionError(errno.EPERM, "the file has other names, and is not the agents'")

    def check_made(self, fd: int, folder: int, name: str) -> None:
        """Refuse a descriptor that is not the new file in this folder. Raises OSError."""
        made, seen = os.fstat(fd), os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(made.st_mode) or (made.st_dev, made.st_ino) != (seen.st_dev, seen.st_ino):
            raise PermissionError(errno.EPERM, "the agents' account made something else")


OWN = Rights(Chores(do))
"""Those of the daemon's own account."""

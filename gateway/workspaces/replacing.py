"""Writing a file whole, with the agents' rights, in the place of the one that was there."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from gateway.workspaces.rights import Rights
from protocol.problems import Problem


def mode_for(folder: int, name: str, rights: Rights) -> int:
    """That of the file that is replaced, so that scripts stay executable; else 0644 under the umask.

    The umask is the daemon's, and says nothing of files in another account.
    """
    with suppress(FileNotFoundError):
        before = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISREG(before):
            return stat.S_IMODE(before) & 0o777
    return 0o644 & ~_umask() if rights.owner is None else 0o644


def created(folder: int, name: str, rights: Rights) -> int:
    """A descriptor for writing a new file, which nobody else can read yet. Raises OSError, FileExistsError too."""
    file = rights.chores.create_in(folder, name, 0o600)
    try:
        rights.check_made(file, folder, name)
    except OSError:
        os.close(file)
        raise
    return file


@contextmanager
def replacing(folder: int, name: str, rights: Rights) -> Iterator[IO[bytes]]:
    """A file to write into, which gets its name in an open folder when all went well, and else is gone again.

    Blocks. Raises OSError as the system calls do, Problem where the agents' account cannot be reached.
    """
    chores, temporary = rights.chores, f".hutch-{secrets.token_hex(8)}"
    mode = mode_for(folder, name, rights)
    descriptor = created(folder, temporary, rights)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            chores.set_mode(file.fileno(), mode)
        chores.replace_in(folder, temporary, folder, name)
    except BaseException:
        with suppress(OSError, Problem):
            chores.remove_in(folder, temporary)
        raise


@cache
def _umask() -> int:
    """The umask of this process, read without changing it for a moment as umask(2) does (proc(5), Umask)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o022

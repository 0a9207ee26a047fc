"""Files and folders, with the rights of the agents' account.

Names in a folder are given with a descriptor of that folder, so that nothing an agent swaps in leads elsewhere.
Nothing but the standard library. Everything blocks, and raises OSError as the system calls do.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress

MAX_NAMES = 10_000
_RENAME_NOREPLACE = 1
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def folder(path: str) -> str:
    """The real path of a folder that may be entered and read; ``~`` is the account's home."""
    real = os.path.realpath(os.path.expanduser(path), strict=True)
    if not os.path.isdir(real):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    if not os.access(real, os.R_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    return real


def program(name: str, search: str) -> str:
    """Where a program is, looked up in ``search`` as a shell does with PATH; empty where it is not."""
    import shutil

    return shutil.which(name, path=search) or ""


def make_folder(path: str, mode: int) -> None:
    """Make a folder, and those above it; one that is there keeps its mode."""
    if not os.path.isdir(path):
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)  # the umask has no say


def names(path: str) -> list[str]:
    """What is in a folder."""
    return os.listdir(path)[:MAX_NAMES]


def write(path: str, text: str) -> None:
    """Put a small text file in the place of the one that was there, in one step."""
    fresh = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(fresh)
    with os.fdopen(os.open(fresh, _NEW_FILE, 0o644), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(fresh, path)


def remove(path: str) -> None:
    """Remove a file; one that is gone already is fine."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def create(path: str, mode: int) -> int:
    """A descriptor for writing a file that was not there before; a link in its place counts as being there."""
    return os.open(path, _NEW_FILE, mode)


def create_in(folder: int, name: str, mode: int) -> int:
    """As :func:`create`, with a name in a folder."""
    return os.open(name, _NEW_FILE, mode, dir_fd=folder)


def make_folder_in(folder: int, name: str) -> None:
    """Make a folder in a folder (mkdirat(2))."""
    os.mkdir(name, dir_fd=folder)


def remove_in(folder: int, name: str) -> None:
    """Remove what is not a folder (unlinkat(2))."""
    os.unlink(name, dir_fd=folder)


def remove_folder_in(folder: int, name: str) -> None:
    """Remove an empty folder."""
    os.rmdir(name, dir_fd=folder)


def replace_in(source: int, old: str, target: int, new: str) -> None:
    """Rename, over what has the new name (renameat(2))."""
    os.replace(old, new, src_dir_fd=source, dst_dir_fd=target)


def rename_in(source: int, old: str, target: int, new: str) -> None:
    """Rename without ever replacing anything: renameat2(2) with RENAME_NOREPLACE; OSError(EEXIST) when it is taken.

    File systems that do not know the flag get a look before the rename instead.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.renameat2(source, os.fsencode(old), target, os.fsencode(new), _RENAME_NOREPLACE)
    if done == 0:
        return
    code = ctypes.get_errno()
    if code not in {errno.EINVAL, errno.ENOSYS}:
        raise OSError(code, os.strerror(code), new)
    if new in os.listdir(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    os.rename(old, new, src_dir_fd=source, dst_dir_fd=target)


def set_mode(file: int, mode: int) -> None:
    """Give an open file a mode."""
    os.fchmod(file, mode)

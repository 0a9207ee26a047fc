"""Folders that are made once and kept for the next run, also where several test processes want the same one at once."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_DONE = "done"


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock among the processes of a test run."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def kept(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, filled by ``make`` where it was not filled to the end before.

    Others of its kind (the same name up to the last dash) are of another image and go.
    """
    with alone(folder.with_name(f".{folder.name}.lock")):
        if not (folder / _DONE).exists():
            for old in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
                shutil.rmtree(old)
            folder.mkdir(parents=True)
            make(folder)
            (folder / _DONE).touch()
    return folder


def print_of(image: Path, *sources: Path) -> str:
    """A short name for an image and the files that tests bring into it."""
    status = image.stat()
    whole = hashlib.sha256(f"{status.st_mtime_ns} {status.st_size}".encode())
    for source in sources:
        whole.update(source.read_bytes())
    return whole.hexdigest()[:12]

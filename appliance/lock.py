"""One daemon for each data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.problems import Problem, ProblemCode


@contextmanager
def hold(path: Path, noun: str = "device") -> Iterator[None]:
    """Hold the lock file while inside; the kernel lets go of it when the process dies, however it dies.

    Raises:
        Problem: CONFLICT when another daemon holds it; ``noun`` is what it calls that.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Problem(
            ProblemCode.CONFLICT,
            f"A {noun} already runs on {path.parent}. Stop it first, or give another folder with --data.",
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)

"""Starting the daemon's interpreter without what it never reads: docstrings, assertions, columns of source lines.

They are 4 to 6 MiB of a daemon's 60 (docs/decisions/0013-memory.md). It is the daemon's interpreter alone that is
started so: an environment variable would reach the programs in the sessions too.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_FLAGS = ("-OO", "-X", "no_debug_ranges")
_OPTIMIZED = 2


def relaunch() -> None:
    """Replace this process by the same command in a lean interpreter; come back where it is one, or cannot be kept."""
    if sys.flags.optimize < _OPTIMIZED and keeps_bytecode(Path(__file__)):
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, lean_command(sys.executable, sys.orig_argv))  # noqa: S606 - our own command again


def lean_command(program: str, command: Sequence[str]) -> list[str]:
    """The command line of a Python process (``sys.orig_argv``) with our flags before its own."""
    return [program, *_FLAGS, *command[1:]]


def keeps_bytecode(module: Path) -> bool:
    """Whether optimized bytecode is there or can be written beside the module: to compile at each start is slow."""
    cached = Path(importlib.util.cache_from_source(str(module), optimization=_OPTIMIZED))
    folder = next(place for place in cached.parents if place.exists())
    return cached.exists() or (os.access(folder, os.W_OK) and not sys.dont_write_bytecode)

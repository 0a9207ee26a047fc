"""A daemon that is small: an interpreter without docstrings, assertions and columns of source lines, and one heap.

What each saves is in docs/decisions/0013-memory.md. It is the daemon's interpreter alone that is
started so: an environment variable would reach the programs in the sessions too.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_FLAGS = ("-OO", "-X", "no_debug_ranges")
_OPTIMIZED = 2
_M_ARENA_MAX = -8


def relaunch() -> None:
    """Replace this process by the same command in a lean interpreter; come back where it is one, or cannot be kept."""
    if sys.flags.optimize < _OPTIMIZED and keeps_bytecode(Path(__file__)):
        become(lean_command(sys.executable, sys.orig_argv))


def become(command: list[str]) -> NoReturn:
    """Replace this process by a command of the same interpreter; what was printed is not lost. Raises OSError."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command)  # noqa: S606 - our own command again


def share_one_heap() -> None:
    """Have all threads share the C library's heap, before there are any (mallopt(3)).

    A heap for each is for programs whose threads allocate at the same time; ours wait for each other anyway.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give the system what the start needed and nothing needs any more (malloc_trim(3))."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def lean_command(program: str, command: Sequence[str]) -> list[str]:
    """The command line of a Python process (``sys.orig_argv``) with our flags before its own."""
    return [program, *_FLAGS, *command[1:]]


def keeps_bytecode(module: Path) -> bool:
    """Whether optimized bytecode is there or can be written beside the module: to compile at each start is slow."""
    cached = Path(importlib.util.cache_from_source(str(module), optimization=_OPTIMIZED))
    folder = next(place for place in cached.parents if place.exists())
    return cached.exists() or (os.access(folder, os.W_OK) and not sys.dont_write_bytecode)

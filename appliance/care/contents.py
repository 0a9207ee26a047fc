"""What of a device is in a backup, and how the members of its archive are called.

``manifest.json`` comes first and says what follows: ``data/…`` is the data folder without what can be made again,
``data/hutch.db`` a copy of the store at one moment, ``settings.toml`` and ``authorized_keys`` as they were, and
``workspace/…`` the folders that were chosen. Blocks.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from appliance.layout import Layout

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
STORE: Final = "hutch.db"
MAX_FILES: Final = 2_000_000
RESERVE: Final = 64 * 1024**2
"""Bytes of the disk that stay free, whatever is saved or restored."""
NOT_DATA: Final = frozenset(
    {"workspace", "agents", "tmux", "updates", "lock", "console.sock", "hub.sock", "setup-code", "care"}
)
"""What stands beside the data in its folder: of the running daemon, made again, or chosen on its own."""


class Manifest(BaseModel):
    """What a backup says of itself; sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int
    hutch: str = Field(max_length=64)
    revision: str | None = Field(default=None, max_length=64)
    """Of the store's schema; None where the store is no file and not in here."""
    name: str = Field(max_length=255)
    made_at: AwareDatetime
    size: int = Field(ge=0)
    files: int = Field(ge=0, le=MAX_FILES)
    workspaces: tuple[str, ...] = Field(default=(), max_length=1000)


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: its name in the archive, what it is, and how its content is opened."""

    name: str
    state: os.stat_result
    link: str
    open: Callable[[], BinaryIO] | None
    """None for folders and links."""


def data_entries(layout: Layout) -> Iterator[Entry]:
    """The data folder, without the store's files."""
    for path in sorted(layout.data.iterdir()):
        name = path.name
        if name not in NOT_DATA and not name.startswith((STORE, ".")):
            yield from tree_entries(layout.data, name, "data")


def workspace_entries(
    layout: Layout, chosen: tuple[str, ...], unread: Callable[[], None] = lambda: None
) -> Iterator[Entry]:
    """The chosen folders of the workspace; names that are none give nothing. ``unread`` as in :func:`tree_entries`."""
    for name in chosen:
        yield from tree_entries(layout.workspace, name, "workspace", unread)


def workspaces(layout: Layout) -> tuple[str, ...]:
    """The folders that can be chosen."""
    with suppress(OSError):
        return tuple(sorted(entry.name for entry in os.scandir(layout.workspace) if not entry.is_symlink()))
    return ()


def tree_entries(base: Path, name: str, inside: str, unread: Callable[[], None] = lambda: None) -> Iterator[Entry]:
    """A file, or a folder with everything below it. No link is followed: agents own some of what is read here.

    ``unread`` is called for each folder that may not be looked into.
    """
    top = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        state = os.stat(name, dir_fd=top, follow_symlinks=False)
        if not stat.S_ISDIR(state.st_mode):
            yield from _entry(f"{inside}/{name}", name, top)
            return
        walk = os.fwalk(name, dir_fd=top, follow_symlinks=False, onerror=lambda error: _count(error, unread))
        for folder, folders, files, descriptor in walk:
            yield Entry(f"{inside}/{folder}", os.fstat(descriptor), "", None)
            for one in sorted(files):
                yield from _entry(f"{inside}/{folder}/{one}", one, descriptor)
            for one in folders:
                # A link to a folder counts as a folder here.
                yield from _entry(f"{inside}/{folder}/{one}", one, descriptor)
    except FileNotFoundError:
        return
    except PermissionError as error:
        _count(error, unread)
    finally:
        os.close(top)


def _count(error: OSError, unread: Callable[[], None]) -> None:
    if isinstance(error, PermissionError):
        unread()


def _entry(name: str, leaf: str, folder: int) -> Iterator[Entry]:
    """An entry for a file or a link; what went meanwhile, or is neither, is left out."""
    with suppress(FileNotFoundError, PermissionError):
        state = os.stat(leaf, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(state.st_mode):
            yield Entry(name, state, os.readlink(leaf, dir_fd=folder), None)
        elif stat.S_ISREG(state.st_mode):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            yield Entry(name, state, "", lambda: os.fdopen(os.open(leaf, flags, dir_fd=folder), "rb"))

"""The workspace: one folder on disk that pages, hubs and agents share, and that nothing here ever leaves."""

from __future__ import annotations

import asyncio
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from gateway.events.publisher import Publisher
from gateway.events.types import FileChanged
from gateway.host.errnos import problems_of
from gateway.workspaces.beneath import (
    Parts,
    is_plain,
    open_plain_file,
    opened_folder,
    parts,
    raise_for_link,
)
from gateway.workspaces.open_files import OpenFile
from gateway.workspaces.rights import OWN, Rights
from gateway.workspaces.trees import remove_tree
from gateway.workspaces.types import Entry
from protocol.problems import Problem, ProblemCode

MAX_ENTRIES = 5_000
"""Names one listing brings at most."""
UPLOAD_PREFIX = ".hutch-upload-"
"""How files begin that are still being uploaded; listings leave them out."""


class Workspace:
    """Files and folders below ``root``. Paths are POSIX, relative to it (or absolute and inside it).

    Links are shown but never followed, so no path leads outside, not even while an agent moves things around.
    Every refusal is a :class:`Problem`.
    """

    def __init__(self, root: Path, bus: Publisher, rights: Rights = OWN) -> None:
        self.root = root
        self.rights = rights
        self._bus = bus

    def parts(self, path: str) -> Parts:
        """The checked names of a path; no I/O."""
        prefix = f"{self.root}/"
        return parts("" if path == str(self.root) else path.removeprefix(prefix))

    def resolve(self, path: str) -> Path:
        """The path on disk, checked by its words alone (no I/O): inside the root, whether or not it is there."""
        return self.root.joinpath(*self.parts(path))

    async def entries(self, path: str = "") -> list[Entry]:
        """What is in a folder, folders first, then by name. Raises TOO_LARGE beyond 5,000 names."""
        return await asyncio.to_thread(self._entries, self.parts(path))

    async def folders(self) -> list[str]:
        """The names of the folders at the top, hidden ones left out."""
        return [e.name for e in await self.entries() if e.kind == "folder" and not e.name.startswith(".")]

    async def entry(self, path: str) -> Entry:
        """One file or folder. Raises NOT_FOUND."""
        return await asyncio.to_thread(self._entry, self._named(path))

    async def make_folder(self, path: str) -> None:
        """Make a folder, and the ones above it where they are missing. Raises CONFLICT when the name is taken."""
        names = self._named(path)
        await asyncio.to_thread(self._make_folder, names)
        self._bus.publish(FileChanged(path="/".join(names), action="created"))

    async def remove(self, path: str) -> None:
        """Remove a file, a link or a folder with everything in it; links in it are removed, never followed."""
        names = self._named(path)
        await asyncio.to_thread(self._remove, names)
        self._bus.publish(FileChanged(path="/".join(names), action="removed"))

    async def move(self, src: str, dst: str) -> None:
        """Give a file or folder another name or place inside the workspace; never replaces anything (CONFLICT)."""
        old, new = self._named(src), self._named(dst)
        if new[: len(old)] == old:
            raise Problem(ProblemCode.CONFLICT, "A folder cannot be moved into itself. Choose another place.")
        await asyncio.to_thread(self._move, old, new)
        self._bus.publish(FileChanged(path="/".join(new), action="moved"))

    async def open_file(self, path: str) -> OpenFile:
        """Open a regular file for reading. Raises NOT_FOUND, CONFLICT for a folder, INVALID_REQUEST for a device."""
        return await asyncio.to_thread(self._open_file, self._named(path))

    def _named(self, path: str) -> Parts:
        names = self.parts(path)
        if not names:
            raise Problem(ProblemCode.INVALID_REQUEST, "This is the workspace itself. Name something in it.")
        return names

    def _entries(self, names: Parts) -> list[Entry]:
        found: list[Entry] = []
        with (
            problems_of(_shown(names)),
            opened_folder(self.root, names, rights=self.rights) as fd,
            os.scandir(fd) as listing,
        ):
            for item in listing:
                if item.name.startswith(UPLOAD_PREFIX):
                    continue
                if len(found) == MAX_ENTRIES:
                    raise _too_many_entries(names)
                entry = _entry_at(fd, item.name, names)
                if entry is not None:
                    found.append(entry)
        return sorted(found, key=lambda e: (e.kind != "folder", e.name.casefold(), e.name))

    def _entry(self, names: Parts) -> Entry:
        with problems_of(_shown(names)), opened_folder(self.root, names[:-1], rights=self.rights) as fd:
            entry = _entry_at(fd, names[-1], names[:-1])
            if entry is None:
                raise FileNotFoundError(2, "not there")
            return entry

    def _make_folder(self, names: Parts) -> None:
        with problems_of(_shown(names)), opened_folder(self.root, names[:-1], make=True, rights=self.rights) as fd:
            self.rights.chores.make_folder_in(fd, names[-1])

    def _remove(self, names: Parts) -> None:
        with problems_of(_shown(names)), opened_folder(self.root, names[:-1], rights=self.rights) as fd:
            remove_tree(fd, names[-1], self.rights.chores)

    def _move(self, old: Parts, new: Parts) -> None:
        with (
            problems_of(f"{_shown(old)} or {_shown(new)}"),
            opened_folder(self.root, old[:-1], rights=self.rights) as src,
            opened_folder(self.root, new[:-1], rights=self.rights) as dst,
        ):
            self.rights.chores.rename_in(src, old[-1], dst, new[-1])

    def _open_file(self, names: Parts) -> OpenFile:
        path = "/".join(names)
        with problems_of(_shown(names)), opened_folder(self.root, names[:-1], rights=self.rights) as fd:
            try:
                return OpenFile(open_plain_file(fd, names[-1], self.rights), path)
            except OSError:
                raise_for_link(fd, names[-1], path)
                raise


def _shown(names: Parts) -> str:
    return f"'{'/'.join(names)}'" if names else "The workspace"


def _too_many_entries(names: Parts) -> Problem:
    return Problem(
        ProblemCode.TOO_LARGE,
        f"{_shown(names)} has more than {MAX_ENTRIES} names in it. Look at it in a terminal.",
        {"limit": MAX_ENTRIES},
    )


def _entry_at(fd: int, name: str, above: Parts) -> Entry | None:
    """What a name stands for; None when it vanished. Names that cannot be sent are shown with U+FFFD as ``other``."""
    try:
        state = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    shown = name if is_plain(name) else "".join(c if is_plain(c) else "\N{REPLACEMENT CHARACTER}" for c in name)
    known = _KINDS.get(stat.S_IFMT(state.st_mode)) if shown == name else None
    return Entry(
        name=shown,
        path="/".join((*above, shown)),
        kind=known or "other",
        size=state.st_size if known == "file" else 0,
        modified_at=datetime.fromtimestamp(state.st_mtime, UTC),
    )


_KINDS: dict[int, Literal["file", "folder", "link"]] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
}

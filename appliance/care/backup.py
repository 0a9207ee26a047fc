"""Writes a backup: one encrypted file with everything that makes this device this one. Blocks."""

from __future__ import annotations

import gzip
import io
import os
import socket
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from appliance.care.contents import (
    FORMAT,
    MANIFEST,
    MAX_FILES,
    STORE,
    Entry,
    Manifest,
    data_entries,
    workspace_entries,
    workspaces,
)
from appliance.care.sealed import SealingWriter
from appliance.layout import Layout
from appliance.version import VERSION
from foundation.files import make_private_folder, problems_of
from foundation.store.engine import store_url
from protocol.problems import Problem, ProblemCode

Told = Callable[[int], None]
"""Progress in percent."""
_PAGES: Final = 256
"""Pages of the store that are copied at a time: others write between two of these."""
_BLOCK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that was written. ``unread``: files and folders that the device may not read, and that are not in it."""

    manifest: Manifest
    unread: int


def check_chosen(layout: Layout, chosen: tuple[str, ...]) -> None:
    """Refuse folders that are not in the workspace. Raises Problem NOT_FOUND."""
    if missing := sorted(set(chosen) - set(workspaces(layout))):
        raise Problem(ProblemCode.NOT_FOUND, f"There is no folder {missing[0]} in the workspace. Check its name.")


def write_backup(
    target: BinaryIO, layout: Layout, passphrase: str, *, settings_file: Path, chosen: tuple[str, ...], told: Told
) -> Written:
    """Write a backup with the ``chosen`` folders of the workspace; works while the daemon runs.

    Raises:
        Problem: NOT_FOUND for a folder that is not there, INVALID_REQUEST for a passphrase that is too short,
            DISK_FULL, UNAVAILABLE when the store cannot be read.
    """
    check_chosen(layout, chosen)
    with _store_copy(layout) as store:
        size, files = _measure(layout, store, chosen)
        manifest = Manifest(
            format=FORMAT,
            hutch=VERSION,
            revision=None if store is None else _revision(store),
            name=socket.gethostname(),
            made_at=datetime.now(UTC),
            size=size,
            files=files,
            workspaces=chosen,
        )
        sealed = SealingWriter(target, passphrase)
        try:
            with (
                gzip.GzipFile("", "wb", compresslevel=3, fileobj=sealed) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                _add_bytes(archive, MANIFEST, manifest.model_dump_json().encode())
                writer = Writer(archive, size, told)
                for name, path in (("data/" + STORE, store), ("settings.toml", settings_file)):
                    writer.add_file(name, path)
                writer.add_file("authorized_keys", layout.authorized_keys)
                for entry in _entries(layout, chosen, writer.skip):
                    writer.add(entry)
        except BaseException:
            sealed.abandon()
            raise
        sealed.close()
    told(100)
    return Written(manifest, writer.unread)


def _entries(layout: Layout, chosen: tuple[str, ...], unread: Callable[[], None] = lambda: None) -> Iterator[Entry]:
    yield from data_entries(layout)
    yield from workspace_entries(layout, chosen, unread)


class Writer:
    """Adds members, and counts what went in. ``size`` is what is to come, in bytes."""

    def __init__(self, archive: tarfile.TarFile, size: int, told: Told) -> None:
        self.unread = 0
        self._archive = archive
        self._size = max(size, 1)
        self._done = 0
        self._told = told

    def add_file(self, name: str, path: Path | None) -> None:
        """A file by its path, where there is one that may be read."""
        if path is None:
            return
        try:
            with path.open("rb") as file:
                self._member(name, os.fstat(file.fileno()), file)
        except (FileNotFoundError, PermissionError):
            return

    def add(self, entry: Entry) -> None:
        """A member of a tree."""
        if entry.open is None:
            self._member(entry.name, entry.state, None, entry.link)
            return
        try:
            file = entry.open()
        except PermissionError:
            self.skip()
            return
        except OSError:
            return  # it went meanwhile, or became a link
        with file:
            self._member(entry.name, os.fstat(file.fileno()), file)

    def skip(self) -> None:
        """Count something that may not be read."""
        self.unread += 1

    def _member(self, name: str, state: os.stat_result, file: BinaryIO | None, link: str = "") -> None:
        info = tarfile.TarInfo(name)
        info.mode, info.mtime = stat.S_IMODE(state.st_mode) & 0o777, int(state.st_mtime)
        info.type = tarfile.REGTYPE if file else tarfile.SYMTYPE if link else tarfile.DIRTYPE
        info.linkname = link
        info.size = state.st_size if file else 0
        self._archive.addfile(info, None if file is None else _Exactly(file, info.size))
        self._archive.members.clear()  # type: ignore[attr-defined] # it would remember every member there is
        self._done += info.size
        self._told(min(99, self._done * 100 // self._size))


class _Exactly(io.RawIOBase):
    """A file of a fixed length: one that shrinks while it is read ends in zeros, one that grows is cut."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        data += bytes(wanted - len(data))
        self._left -= wanted
        return data


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _measure(layout: Layout, store: Path | None, chosen: tuple[str, ...]) -> tuple[int, int]:
    size, files = (store.stat().st_size if store else 0), 3
    for entry in _entries(layout, chosen):
        size += entry.state.st_size if entry.open is not None else 0
        files += 1
        if files > MAX_FILES:
            raise Problem(ProblemCode.TOO_LARGE, f"A backup holds {MAX_FILES} files at most. Choose fewer folders.")
    return size, files


@contextmanager
def _store_copy(layout: Layout) -> Iterator[Path | None]:
    """The store at one moment, by SQLite's backup interface; None where another database keeps it."""
    url = store_url(layout.database_url)
    if url.get_backend_name() != "sqlite":
        yield None
        return
    original = Path(url.database or "")
    if not original.exists():
        raise Problem(ProblemCode.NOT_FOUND, f"There is no device in {layout.data} yet. Check --data.")
    make_private_folder(layout.data / "care")
    with problems_of(layout.data), tempfile.TemporaryDirectory(dir=layout.data / "care") as folder:
        copy = Path(folder) / STORE
        try:
            with closing(sqlite3.connect(original, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target, pages=_PAGES, sleep=0.01)
        except sqlite3.Error as error:
            code = ProblemCode.DISK_FULL if "full" in str(error) else ProblemCode.UNAVAILABLE
            raise Problem(code, f"The store cannot be copied: {error}. Run hutch doctor.") from None
        yield copy


def _revision(store: Path) -> str | None:
    with closing(sqlite3.connect(store)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])

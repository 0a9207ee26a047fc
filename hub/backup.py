"""A hub's backup: one tar file of mode 0600 that holds the store and the hub's key.

SQLite is copied while the hub runs (``VACUUM INTO``); PostgreSQL by ``pg_dump``, in its own format. All of this blocks.
"""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from foundation.files import FILE_MODE, make_private_folder, problems_of, read_private, write_private
from foundation.store.engine import store_url
from hub import dumps
from hub.config import HubSettings
from protocol.problems import Problem, ProblemCode

_MANIFEST = "hutch-hub.json"
_KEY = "hub.key"
_DATABASE = {"sqlite": "hub.db", "postgresql": "hub.dump"}
_MAX_SMALL = 64 * 1024
"""Bytes of the manifest and of the key."""
_FORM = 1


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    form: int
    version: str
    backend: str


@dataclass(frozen=True, slots=True)
class _Contents:
    manifest: _Manifest
    database: Path
    key: bytes | None


def write_backup(settings: HubSettings, file: Path, version: str) -> None:
    """Write a backup. Raises :class:`Problem` for a file that exists, a full disk, or a store that cannot be read."""
    url = store_url(settings.store_url)
    backend = url.get_backend_name()
    with tempfile.TemporaryDirectory(prefix="hutch-backup-", dir=_parent(file)) as folder:
        database = Path(folder) / _DATABASE[backend]
        if backend == "sqlite":
            _copy_sqlite(Path(url.database or ""), database)
        else:
            dumps.dump(url, database)
        manifest = _Manifest(form=_FORM, version=version, backend=backend)
        _pack(file, manifest, database, settings.key_path)


def read_backup(settings: HubSettings, file: Path, *, replace: bool = False) -> None:
    """Bring a backup back; the hub must not run.

    Raises :class:`Problem` INVALID_REQUEST for a file that is no backup or of another kind of database, CONFLICT
    where there is a store or a key already and ``replace`` is not asked for.
    """
    url = store_url(settings.store_url)
    backend = url.get_backend_name()
    data = settings.data.absolute()
    make_private_folder(data)
    with tempfile.TemporaryDirectory(prefix="hutch-restore-", dir=data) as folder:
        contents = _unpack(file, Path(folder))
        if contents.manifest.backend != backend:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"The backup holds a {contents.manifest.backend} database; this hub's is {backend}. "
                "Give the same kind with --database.",
            )
        if not replace:
            _refuse_existing(url.database if backend == "sqlite" else None, settings.key_path)
        if backend == "sqlite":
            _put_sqlite(contents.database, Path(url.database or ""))
        else:
            dumps.restore(url, contents.database, replace=replace)
        if contents.key is not None:
            write_private(settings.key_path, contents.key)


def _parent(file: Path) -> Path:
    folder = file.absolute().parent
    if not folder.is_dir():
        raise Problem(ProblemCode.NOT_FOUND, f"There is no folder {folder}. Make it first.")
    if file.exists():
        raise Problem(ProblemCode.CONFLICT, f"{file} exists already. Choose another name.")
    return folder


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise Problem(ProblemCode.NOT_FOUND, f"There is no store at {source}. Check --data.")
    try:
        # By URI, so that a missing file is never made.
        connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)
        try:
            connection.execute("VACUUM INTO ?", [str(target)])
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Problem(
            ProblemCode.UNAVAILABLE, f"The store cannot be copied: {error}. See docs/operations.md."
        ) from None


def _pack(file: Path, manifest: _Manifest, database: Path, key_path: Path) -> None:
    key = read_private(key_path)
    with problems_of(file):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                with tarfile.open(fileobj=stream, mode="w") as tar:
                    _add(tar, _MANIFEST, manifest.model_dump_json().encode())
                    if key is not None:
                        _add(tar, _KEY, key)
                    tar.add(database, arcname=database.name, filter=_plain)
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            file.unlink(missing_ok=True)
            raise


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = FILE_MODE
    tar.addfile(info, io.BytesIO(content))


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of the machine it was written on."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = FILE_MODE
    return info


def _unpack(file: Path, folder: Path) -> _Contents:
    """Read the members that a backup has, by their names; whatever else the file holds is not touched."""
    try:
        with problems_of(file), tarfile.open(file, mode="r:") as tar:
            manifest = _Manifest.model_validate_json(_small(tar, _MANIFEST) or b"")
            name = _DATABASE.get(manifest.backend)
            if manifest.form != _FORM or name is None:
                raise Problem(
                    ProblemCode.INVALID_REQUEST, "The backup is of a newer Hutch. Restore it with that version."
                )
            source = _member(tar, name)
            if source is None:
                raise _no_backup(file)
            target = folder / name
            with target.open("xb") as out:
                while block := source.read(1024 * 1024):
                    out.write(block)
            target.chmod(FILE_MODE)
            return _Contents(manifest, target, _small(tar, _KEY))
    except (tarfile.TarError, ValidationError, EOFError):
        raise _no_backup(file) from None


def _member(tar: tarfile.TarFile, name: str) -> io.BufferedReader | None:
    try:
        info = tar.getmember(name)
    except KeyError:
        return None
    source = tar.extractfile(info) if info.isreg() else None
    return source if isinstance(source, io.BufferedReader) else None


def _small(tar: tarfile.TarFile, name: str) -> bytes | None:
    source = _member(tar, name)
    if source is None:
        return None
    content = source.read(_MAX_SMALL + 1)
    return content if len(content) <= _MAX_SMALL else None


def _refuse_existing(database: str | None, key: Path) -> None:
    for path in (None if database is None else Path(database), key):
        if path is not None and path.exists():
            raise Problem(
                ProblemCode.CONFLICT, f"{path} is there already. Move it away, or add --replace to lose what it holds."
            )


def _put_sqlite(source: Path, target: Path) -> None:
    try:
        connection = sqlite3.connect(source)
        try:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        verdict = None
    if verdict != ("ok",):
        raise Problem(ProblemCode.INVALID_REQUEST, "The database in the backup is damaged. Take another backup.")
    make_private_folder(target.parent)
    with problems_of(target):
        # The write-ahead log belongs to the database that goes: beside another one it would damage that.
        for end in ("-wal", "-shm"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        if source.stat().st_dev == target.parent.stat().st_dev:
            source.replace(target)
        else:
            write_private(target, source.read_bytes())


def _no_backup(file: Path) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, f"{file} is no backup of a hub. Give what “hutch hub backup” wrote.")

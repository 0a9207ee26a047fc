"""A release as it travels: ``hutch-VERSION.bundle``, a tar of the signature file and the archive that it is about.

The archive is read once, through its hash: it is unpacked beside what runs, and used only when the whole of it was what
was signed. Members are files below one folder; a link, a way out or a size beyond all reason ends it. Blocks.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from appliance.updates.folders.signature import LARGEST, Statement, check, refused
from foundation.files import problems_of
from protocol.problems import Problem

MAX_ARCHIVE: Final = 1024**3
"""Bytes of an archive at most."""
MAX_UNPACKED: Final = 2 * 1024**3
MAX_MEMBERS: Final = 5000
_BLOCK: Final = 1024 * 1024
_NO_RELEASE: Final = (
    "This is no whole release of Hutch: it was cut short, or is another kind of file. Download it again."
)
_CHANGED: Final = "The release was changed after it was signed, or damaged on its way. Download it again."


class _Hashing:
    """A reader that knows the hash of what went through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._source.read(_BLOCK if size < 0 else size)
        self._hash.update(data)
        self.size += len(data)
        return data

    def drain(self) -> str:
        """Read to the end; the SHA-256 (hex) of all of it."""
        while self.read(_BLOCK):
            pass
        return self._hash.hexdigest()


def inspect(bundle: Path, keys: Path) -> Statement:
    """What a bundle holds, once its signature and its hash were found right. Raises Problem BUNDLE_REFUSED."""
    with _opened(bundle, keys) as (statement, source):
        _compare(statement, source)
    return statement


def unpack(bundle: Path, keys: Path, target: Path) -> Path:
    """Unpack the archive into the new folder ``target``; the release's own folder in it.

    Raises Problem: BUNDLE_REFUSED, and then nothing is left; DISK_FULL.
    """
    shutil.rmtree(target, ignore_errors=True)
    try:
        with _opened(bundle, keys) as (statement, source):
            _unpack(source, target, f"hutch-{statement.version}")
            _compare(statement, source)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target / f"hutch-{statement.version}"


@contextmanager
def _opened(bundle: Path, keys: Path) -> Iterator[tuple[Statement, _Hashing]]:
    try:
        with tarfile.open(bundle, "r:") as outer:
            statement = check(_member(outer, LARGEST)[1].read(LARGEST), keys)
            info, source = _member(outer, MAX_ARCHIVE)
            if (info.name, info.size) != (statement.file, statement.size):
                raise refused(_CHANGED)
            yield statement, _Hashing(source)
    # What gzip and tar say about bad input is of many kinds: OSError without a number is gzip's.
    # Before Python 3.11.4 tarfile looks for an attribute it does not have where zlib finds an error in a stream.
    except (tarfile.TarError, EOFError, ValueError, OverflowError, AttributeError, zlib.error):
        raise refused(_NO_RELEASE) from None
    except OSError as error:
        if error.errno is None:
            raise refused(_NO_RELEASE) from None
        raise


def _member(outer: tarfile.TarFile, largest: int) -> tuple[tarfile.TarInfo, IO[bytes]]:
    info = outer.next()
    source = None if info is None or not info.isreg() or info.size > largest else outer.extractfile(info)
    if info is None or source is None:
        raise refused(_NO_RELEASE)
    return info, source


def _compare(statement: Statement, source: _Hashing) -> None:
    if (source.drain(), source.size) != (statement.sha256, statement.size):
        raise refused(_CHANGED)


def _unpack(source: _Hashing, target: Path, top: str) -> None:
    left = MAX_UNPACKED
    with tarfile.open(fileobj=source, mode="r|gz") as archive:  # type: ignore[call-overload] # only read() is used
        for count, info in enumerate(archive):
            left -= info.size
            if count >= MAX_MEMBERS or left < 0:
                raise refused("The release is larger than any release of Hutch is. Take it from where you trust.")
            _write(archive, info, target / _inside(info, top))


def _inside(info: tarfile.TarInfo, top: str) -> PurePosixPath:
    path = PurePosixPath(info.name)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] != (top,) or not (info.isreg() or info.isdir()):
        raise refused("The release holds files that lie outside of it. Take it from where you trust.")
    return path


def _write(archive: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> None:
    with problems_of(path):
        if info.isdir():
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(info)
        if content is None:
            raise Problem(refused(_NO_RELEASE).code, _NO_RELEASE)
        with path.open("xb") as file:
            shutil.copyfileobj(content, file, _BLOCK)
        path.chmod(0o755 if info.mode & 0o100 else 0o644)

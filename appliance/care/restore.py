"""Brings a backup back in two steps, so that what is there stays whole until all of the backup is known to be good.

:func:`stage` opens the backup, checks version and space, and unpacks it into ``data/care/restored``; its last act is to
write ``data/care/pending.json``. :func:`apply`, run by whoever holds the device's lock (the next start at the latest),
moves the old data aside and the new in with renames, each of which may be repeated after a power cut. Blocks.
"""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from pydantic import ValidationError

from appliance.care.contents import FORMAT, MANIFEST, MAX_FILES, NOT_DATA, RESERVE, STORE, Manifest
from appliance.care.places import handed_over, restored
from appliance.care.sealed import OpeningReader
from appliance.layout import Layout
from appliance.lock import hold
from foundation.files import make_private_folder, problems_of
from gateway.store.schema import DEVICE_SCHEMA
from protocol.problems import Problem, ProblemCode

Told = Callable[[int], None]
_LARGEST_MANIFEST: Final = 1024 * 1024
_TOPS: Final = frozenset({"data", "workspace", "settings.toml", "authorized_keys"})
_BLOCK: Final = 256 * 1024


def stage(source: BinaryIO, layout: Layout, passphrase: str, told: Told) -> Manifest:
    """Check a backup and unpack it beside the data, all of it; the device is as it was.

    Raises:
        Problem: INVALID_REQUEST for what is no backup of this passphrase, or damaged; CONFLICT for one of a newer
            version; DISK_FULL, before anything is written where the space is known to be too little.
    """
    make_private_folder(layout.data / "care")
    folder = restored(layout)
    shutil.rmtree(folder, ignore_errors=True)
    opened = OpeningReader(source, passphrase)
    try:
        with tarfile.open(fileobj=opened, mode="r|gz") as archive:
            manifest = _manifest(archive)
            check_version(manifest)
            check_space(manifest, layout)
            folder.mkdir(mode=0o700)
            _unpack(archive, folder, manifest, told)
        while opened.read(_BLOCK):
            pass  # to the piece that says it is the last
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, (tarfile.TarError, EOFError, ValueError)):
            raise _damaged() from None
        raise
    return manifest


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Hold what is unpacked for one restore. Raises Problem CONFLICT while another one is at it."""
    make_private_folder(layout.data / "care")
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(layout.data / "care" / "restore.lock"))
        except Problem as problem:
            if problem.code is not ProblemCode.CONFLICT:
                raise
            message = "Another restore is under way on this device. Give it up, or wait until it is through."
            raise Problem(ProblemCode.CONFLICT, message) from None
        yield


def check_version(manifest: Manifest) -> None:
    """Refuse what this version cannot read. Raises Problem CONFLICT."""
    known = manifest.revision is None or manifest.revision in DEVICE_SCHEMA.revisions
    if manifest.format != FORMAT or not known:
        raise Problem(
            ProblemCode.CONFLICT,
            f"This backup was made by Hutch {manifest.hutch}, which is newer than this device. "
            "Update the device first, then restore.",
        )


def check_space(manifest: Manifest, layout: Layout) -> None:
    """Refuse what has no room beside what is there. Raises Problem DISK_FULL."""
    free, needed = shutil.disk_usage(layout.data).free, manifest.size + RESERVE
    if free < needed:
        raise Problem(
            ProblemCode.DISK_FULL,
            f"The backup needs {needed // 1024**2 + 1} MiB, and {free // 1024**2} MiB are free. Nothing was changed. "
            "Make room, then try again.",
            {"needed": needed, "free": free},
        )


def apply(layout: Layout, busy: Callable[[], None] = lambda: None) -> None:
    """Put what was staged in the place of what is there. The daemon must not run. Can be repeated at any point.

    ``busy`` is called again and again, as a workspace may take long. Where agents have an account of their own, their
    folders are handed over (:mod:`appliance.care.workspace`).
    """
    new, old = restored(layout), layout.data / "care" / "before"
    old.mkdir(mode=0o700, exist_ok=True)
    with problems_of(layout.data):
        if (new / "data").is_dir():
            for path in sorted(layout.data.iterdir()):
                if path.name not in NOT_DATA:
                    _move(path, old / path.name)
            # From here on what lies in the data folder is the backup's: its folder is gone last.
            (new / "data").replace(new / "moving")
        if (new / "moving").is_dir():
            for path in sorted((new / "moving").iterdir()):
                _move(path, layout.data / path.name)
            (new / "moving").rmdir()
        _sync(layout.data)
        if (new / "workspace").is_dir():
            if layout.agent_user is None:
                _merge(new / "workspace", layout.workspace, busy)
            else:
                _move(new / "workspace", handed_over(layout))
        _keys(new / "authorized_keys", layout.authorized_keys)


def _merge(source: Path, target: Path, busy: Callable[[], None]) -> None:
    """Move a tree over another: what is in both becomes the backup's, what is only in the other stays."""
    if target.is_symlink() or not target.is_dir():
        target.unlink(missing_ok=True)
        target.mkdir(parents=True)
        shutil.copymode(source, target)
    for path in sorted(source.iterdir()):
        busy()
        here = target / path.name
        if path.is_dir() and not path.is_symlink():
            _merge(path, here, busy)
            continue
        if here.is_dir() and not here.is_symlink():
            shutil.rmtree(here)
        _put(path, here)


def _put(source: Path, target: Path) -> None:
    """Move a file or link, also to another file system, where it is there as a whole or not at all."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        new = target.with_name(f".{target.name[:200]}.restored")
        new.unlink(missing_ok=True)
        shutil.copy2(source, new, follow_symlinks=False)
        new.replace(target)
        source.unlink()


def _keys(kept: Path, target: Path) -> None:
    if kept.is_file() and not target.exists():
        make_private_folder(target.parent)
        shutil.copyfile(kept, target)
        target.chmod(0o600)


def tidy(layout: Layout) -> None:
    """Remove what was there before, and what is not needed any more."""
    for path in (layout.data / "care" / "before", restored(layout)):
        shutil.rmtree(path, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    source.replace(target)


def _manifest(archive: tarfile.TarFile) -> Manifest:
    info = archive.next()
    content = (
        None if info is None or info.name != MANIFEST or info.size > _LARGEST_MANIFEST else archive.extractfile(info)
    )
    if content is None:
        raise _damaged()
    try:
        return Manifest.model_validate_json(content.read())
    except ValidationError:
        raise _damaged() from None


def _unpack(archive: tarfile.TarFile, folder: Path, manifest: Manifest, told: Told) -> None:
    # A workspace grows while it is saved; what is far beyond what was announced is no such growth.
    limit, done, count = manifest.size * 2 + RESERVE, 0, 0
    while (info := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined] # it would remember every member there is
        done, count = done + info.size, count + 1
        if done > limit or count > MAX_FILES:
            raise _damaged()
        _write(archive, info, folder)
        told(min(99, done * 100 // max(manifest.size, 1)))
    if manifest.revision is not None and not (folder / "data" / STORE).is_file():
        raise _damaged()
    told(100)


def _write(archive: tarfile.TarFile, info: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(info.name)
    if name.is_absolute() or ".." in name.parts or name.parts[0] not in _TOPS:
        raise _damaged()
    path = folder.joinpath(*name.parts)
    # A link that was unpacked before must not lead what follows out of the folder.
    if any(parent.is_symlink() for parent in path.parents if parent.is_relative_to(folder)):
        raise _damaged()
    with problems_of(path):
        if info.isdir():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if name.parts[0] == "workspace":
                # What is below it still has to be put there.
                path.chmod(info.mode & 0o777 | 0o700)
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if info.issym():
            path.symlink_to(info.linkname)
            return
        content = archive.extractfile(info)
        if not info.isreg() or content is None:
            raise _damaged()
        mode = info.mode & 0o777 if name.parts[0] == "workspace" else 0o600
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(content, file, _BLOCK)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged() -> Problem:
    return Problem(
        ProblemCode.INVALID_REQUEST,
        "The backup is damaged, or was cut short. Nothing was changed; take another copy of it.",
    )

"""A backup made for the page: written into the data folder, fetched from there, and not kept for long."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.care.contents import RESERVE
from appliance.care.raw import view_of
from appliance.config import DEFAULT_FILE, Settings
from appliance.layout import Layout
from foundation.files import make_private_folder, problems_of
from gateway.care.types import Saved
from gateway.workspaces.open_files import OpenFile
from protocol.problems import Problem, ProblemCode

_LOOK_EVERY: Final = 8 * 1024**2
"""Bytes after which the free space is looked at again."""


class Cancelled(BaseException):
    """The backup that is being made is not wanted any more."""


class SavedFiles:
    """The backup that lies in ``data/care/saved``; there is at most one. Blocks."""

    def __init__(self, settings: Settings, layout: Layout) -> None:
        self._settings = settings
        self._layout = layout
        self._folder = layout.data / "care" / "saved"
        self.cancelled = threading.Event()

    def write(self, passphrase: str, chosen: tuple[str, ...], told: Callable[[int], None]) -> Saved:
        """Make one, in the place of the last. Raises Problem, Cancelled."""
        # Loaded here: a device that saves nothing does without cryptography.
        from appliance.care.backup import write_backup

        self.clear()
        make_private_folder(self._folder)
        part = self._folder / "part"
        with problems_of(part), _Part(part, self.cancelled) as file:
            written = write_backup(file, self._layout, passphrase, settings_file=DEFAULT_FILE, chosen=chosen, told=told)
            os.fsync(file.fileno())
        manifest = written.manifest
        name = f"{manifest.name}-{manifest.made_at:%Y-%m-%d-%H%M}.backup"
        with problems_of(part):
            saved = Saved(name, part.stat().st_size, manifest.made_at, chosen, written.unread)
            part.replace(self._path(saved))
        return saved

    def open(self, saved: Saved) -> OpenFile:
        """Open it for reading. Raises Problem."""
        path = self._path(saved)
        with problems_of(path):
            return OpenFile(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), saved.name)

    def clear(self) -> None:
        """Remove whatever there is."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def support(self) -> OpenFile:
        """A support bundle, in a file without a name. Raises Problem."""
        from appliance.care.support import write_support

        folder = self._layout.data / "care"
        make_private_folder(folder)
        with problems_of(folder), tempfile.TemporaryFile(dir=folder) as file:
            write_support(file, self._settings, self._layout)
            file.flush()
            return OpenFile(os.dup(file.fileno()), "hutch-support.tar.gz")

    def _path(self, saved: Saved) -> Path:
        return self._folder / saved.name


class _Part(io.FileIO):
    """A new file of mode 0600 that leaves some of the disk free, and breaks off when it is no longer wanted."""

    def __init__(self, path: Path, cancelled: threading.Event) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        super().__init__(os.open(path, flags, 0o600), "wb")
        self._path = path
        self._cancelled = cancelled
        self._unseen = _LOOK_EVERY

    def write(self, data: object) -> int:
        """All of it. Raises OSError, Problem DISK_FULL, Cancelled."""
        if self._cancelled.is_set():
            raise Cancelled
        view = view_of(data)
        self._unseen += len(view)
        if self._unseen >= _LOOK_EVERY:
            self._unseen = 0
            self._check_room()
        done = 0
        while done < len(view):
            done += super().write(view[done:])
        return done

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if free < RESERVE:
            raise Problem(
                ProblemCode.DISK_FULL,
                f"The backup has no room in {self._path.parent}: {free // 1024**2} MiB are free. Choose fewer folders, "
                "or save it on the machine itself: hutch backup - writes it to where it is read.",
                {"free": free},
            )

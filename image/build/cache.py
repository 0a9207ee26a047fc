"""Stages of the build, each kept in a folder named after a hash of everything it was made of."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_KEPT = 3
"""Results of one stage that are kept; older ones are removed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What came out of one stage: its folder, and the key that later stages build on."""

    folder: Path
    key: str


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder of all stages; ``say`` is told what is built and how long it took (seconds)."""

    folder: Path
    say: Callable[[str], None]

    def stage(self, name: str, inputs: Mapping[str, str], make: Callable[[Path], None]) -> Stage:
        """The stage made of ``inputs``: the kept one, or what ``make`` puts into the empty folder it is given.

        The result appears under its name only when it is whole, so an interrupted build leaves nothing half done.
        """
        key = key_of(name, inputs)
        place = self.folder / f"{name}-{key}"
        if not place.is_dir():
            self._make(name, place, make)
        place.touch()
        return Stage(place, key)

    def _make(self, name: str, place: Path, make: Callable[[Path], None]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.say(f"building {name}")
        began = time.monotonic()
        work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.folder))
        work.chmod(0o755)
        try:
            make(work)
            work.rename(place)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self.say(f"built {name} in {time.monotonic() - began:.0f} s")
        self._prune(name, place)

    def _prune(self, name: str, newest: Path) -> None:
        older = [one for one in self.folder.glob(f"{name}-{'?' * _KEY_LENGTH}") if one != newest]
        older.sort(key=lambda one: one.stat().st_mtime, reverse=True)
        for one in older[_KEPT - 1 :]:
            shutil.rmtree(one)


_KEY_LENGTH = 16


def key_of(name: str, inputs: Mapping[str, str]) -> str:
    """A short hash over a stage's name and inputs, in whatever order they come."""
    text = json.dumps({"stage": name, "inputs": dict(inputs)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def digest(root: Path, files: Iterable[Path]) -> str:
    """One hash over files below ``root``: their names, whether they can be run, links and contents."""
    whole = hashlib.sha256()
    for file in sorted(set(files)):
        if file.is_symlink():
            kind, content = "link", str(file.readlink()).encode()
        else:
            kind, content = ("program" if file.stat().st_mode & 0o100 else "file"), file.read_bytes()
        one = hashlib.sha256(content).hexdigest()
        whole.update(f"{kind} {file.relative_to(root)} {one}\n".encode())
    return whole.hexdigest()


def files_below(*folders: Path) -> list[Path]:
    """Every file and link below the folders, without what Python and editors leave behind."""
    return [
        file
        for folder in folders
        for file in folder.rglob("*")
        if (file.is_symlink() or file.is_file()) and "__pycache__" not in file.parts
    ]

"""Uploads onto a disk that is really full: a small file system in memory, mounted for one test."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.workspaces.folders import Workspace
from gateway.workspaces.transfers import CHUNK, Transfers
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.recorder import Recorder


@contextmanager
def small_disk(folder: Path) -> Iterator[ProblemCode]:
    """A tmpfs of 1 MiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield ProblemCode.DISK_FULL
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def small_files(folder: Path) -> Iterator[ProblemCode]:
    """What anybody can have without being root: files of at most 256 KiB (setrlimit(2), RLIMIT_FSIZE)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CHUNK, before[1]))
    try:
        yield ProblemCode.TOO_LARGE
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def _can_mount() -> bool:
    words = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True).returncode == 0


LIMITS = {"small files": small_files, **({"small disk": small_disk} if _can_mount() else {})}


async def rest_of_upload(transfers: Transfers) -> None:
    for seq in range(1, 5):
        await transfers.chunk("t", seq, b"x" * CHUNK)


@pytest.mark.parametrize("limit", list(LIMITS))
async def test_an_upload_the_disk_has_no_room_for_leaves_nothing(tmp_path: Path, limit: str) -> None:
    recorder = Recorder()
    transfers = Transfers(Workspace(tmp_path, recorder), recorder)
    with LIMITS[limit](tmp_path) as code:
        (tmp_path / "file").write_bytes(b"old")
        await transfers.begin_upload("t", "file", 5 * CHUNK, 5)
        await transfers.chunk("t", 0, b"x" * CHUNK)
        (tmp_path / "other").write_bytes(b"y" * 2 * CHUNK)
        if limit == "small disk":
            for number in range(4):
                (tmp_path / f"more{number}").write_bytes(b"y" * CHUNK)
        with pytest.raises(Problem) as refused:
            await rest_of_upload(transfers)
        assert refused.value.code is code
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
        assert (tmp_path / "file").read_bytes() == b"old"
        with pytest.raises(Problem) as over:
            await transfers.end_upload("t")
        assert over.value.code is ProblemCode.NOT_FOUND

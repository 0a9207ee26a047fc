"""One file on its way in: a hidden file beside its destination, checked chunk by chunk, renamed when it is whole.

Everything here does file I/O: call it in a thread.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gateway.workspaces.beneath import Parts, opened_folder
from gateway.workspaces.folders import UPLOAD_PREFIX
from gateway.workspaces.replacing import created, mode_for
from gateway.workspaces.rights import Rights
from protocol.problems import Problem, ProblemCode

_TEMP = re.compile(re.escape(UPLOAD_PREFIX) + r"[0-9a-f]{32}")


def is_leftover(name: str) -> bool:
    """Whether a name is one that uploads give their unfinished files."""
    return _TEMP.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What was announced: where to, how many bytes in how many chunks of at most ``chunk_size``."""

    names: Parts
    size: int
    total_chunks: int
    chunk_size: int
    sha256: str | None
    overwrite: bool

    @property
    def path(self) -> str:
        """The destination, relative to the workspace."""
        return "/".join(self.names)


@dataclass(slots=True)
class Upload:
    """A file that is coming in. Holds its folder and its unfinished file open, so that neither can be swapped."""

    plan: UploadPlan
    folder: int
    file: int
    temp: str
    rights: Rights
    next_seq: int = 0
    received: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    last_chunk: bytes = b""
    """SHA-256 of the chunk before ``next_seq``: a chunk whose answer was lost may come again."""

    def write(self, seq: int, data: bytes) -> None:
        """Take the next chunk. Raises OUT_OF_ORDER, INVALID_REQUEST, TOO_LARGE; OSError when the disk refuses."""
        mark = hashlib.sha256(data).digest()
        if seq == self.next_seq - 1 and mark == self.last_chunk:
            return
        self._check(seq, data)
        _write_all(self.file, data, self.received)
        self.digest.update(data)
        self.received += len(data)
        self.next_seq += 1
        self.last_chunk = mark

    def _check(self, seq: int, data: bytes) -> None:
        if seq != self.next_seq:
            raise self._out_of_order(f"Chunk {seq} came where chunk {self.next_seq} is due. Send that one.")
        if seq >= max(1, self.plan.total_chunks):
            raise self._out_of_order("All chunks are here. End the upload.")
        if len(data) > self.plan.chunk_size:
            raise Problem(
                ProblemCode.TOO_LARGE,
                f"A chunk has at most {self.plan.chunk_size} bytes. Send smaller ones.",
                {"limit": self.plan.chunk_size},
            )
        if self.received + len(data) > self.plan.size or (not data and self.plan.size > 0):
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"The chunks do not add up to the announced {self.plan.size} bytes. Begin the upload again.",
                {"size": self.plan.size, "received": self.received + len(data)},
            )

    def _out_of_order(self, sentence: str) -> Problem:
        return Problem(ProblemCode.OUT_OF_ORDER, sentence, {"expected": self.next_seq})

    def finish(self, sha256: str | None) -> None:
        """Check that the file is whole and give it its name. Raises OUT_OF_ORDER (it may go on), CHECKSUM_MISMATCH."""
        if self.received != self.plan.size:
            missing = self.plan.size - self.received
            raise self._out_of_order(f"{missing} bytes are missing, from chunk {self.next_seq} on. Send them.")
        self._check_digest(sha256, self.plan.sha256)
        os.ftruncate(self.file, self.plan.size)
        chores = self.rights.chores
        chores.set_mode(self.file, mode_for(self.folder, self.plan.names[-1], self.rights))
        os.fsync(self.file)
        if self.plan.overwrite:
            chores.replace_in(self.folder, self.temp, self.folder, self.plan.names[-1])
        else:
            chores.rename_in(self.folder, self.temp, self.folder, self.plan.names[-1])
        os.fsync(self.folder)

    def _check_digest(self, *announced: str | None) -> None:
        found = self.digest.hexdigest()
        for wanted in announced:
            if wanted is not None and wanted.lower() != found:
                raise Problem(
                    ProblemCode.CHECKSUM_MISMATCH,
                    "The file arrived damaged and was thrown away. Upload it again.",
                    {"expected": wanted.lower(), "received": found},
                )

    def discard(self) -> None:
        """Remove the unfinished file and let go of everything; harmless after :meth:`finish`."""
        # Where the agents' account cannot be reached the next search for leftovers finds it.
        with suppress(OSError, Problem):
            self.rights.chores.remove_in(self.folder, self.temp)
        for fd in (self.file, self.folder):
            with suppress(OSError):
                os.close(fd)


def begin(root: Path, plan: UploadPlan, rights: Rights) -> Upload:
    """Make the unfinished file, and the folders above it. Raises CONFLICT, DISK_FULL, and OSError as open(2) does."""
    with opened_folder(root, plan.names[:-1], make=True, rights=rights) as folder:
        _check_destination(folder, plan)
        _check_space(folder, plan.size)
        temp = UPLOAD_PREFIX + secrets.token_hex(16)
        file = created(folder, temp, rights)
        return Upload(plan, os.dup(folder), file, temp, rights)


def _check_destination(folder: int, plan: UploadPlan) -> None:
    try:
        mode = os.stat(plan.names[-1], dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise Problem(ProblemCode.CONFLICT, f"'{plan.path}' is there and is not a file. Choose another name.")
    if not plan.overwrite:
        raise Problem(ProblemCode.CONFLICT, f"'{plan.path}' is there already. Choose another name or replace it.")


def _check_space(folder: int, size: int) -> None:
    disk = os.fstatvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if free < size:
        raise Problem(
            ProblemCode.DISK_FULL,
            f"The file has {size} bytes and the disk has {free} free. Remove something and try again.",
            {"size": size, "free": free},
        )


def _write_all(fd: int, data: bytes, at: int) -> None:
    """Write at a place, so that a chunk that was half written and comes again does no harm."""
    done = 0
    while done < len(data):
        done += os.pwrite(fd, memoryview(data)[done:], at + done)

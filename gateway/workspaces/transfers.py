"""Files on their way in and out, in chunks, for the wire and for pages."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from gateway.events.publisher import Publisher
from gateway.events.types import FileChanged
from gateway.host.errnos import problems_of
from gateway.workspaces.beneath import opened_root
from gateway.workspaces.checks import check_chunks, check_sha256, check_size
from gateway.workspaces.folders import Workspace
from gateway.workspaces.open_files import OpenFile
from gateway.workspaces.trees import remove_leftovers
from gateway.workspaces.types import DownloadPlan, Entry
from gateway.workspaces.uploads import Upload, UploadPlan, begin, is_leftover
from protocol.problems import Problem, ProblemCode

MAX_FILE = 20 * 1024 * 1024
"""Bytes of a file that goes over the wire (wire v1)."""
MAX_PAGE_FILE = 2 * 1024 * 1024 * 1024
"""Bytes of a file that is uploaded in a page."""
CHUNK = 128 * 1024
"""Bytes of a chunk (wire v1)."""
SILENCE = 300.0
"""Seconds without a chunk after which a transfer is given up (wire v1)."""
MAX_TRANSFERS = 16
"""Transfers at the same time."""
SWEEP_EVERY = 30.0
"""Seconds between looks for silent transfers."""

_log = structlog.get_logger(__name__)
Result = TypeVar("Result")
_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(slots=True)
class _Transfer:
    """A transfer in either direction, when it last moved, and the lock that keeps its steps in order."""

    item: Upload | OpenFile
    heard: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Transfers:
    """The transfers of one workspace. ``clock`` is monotonic, in seconds. Every refusal is a :class:`Problem`."""

    def __init__(self, workspace: Workspace, bus: Publisher, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspace = workspace
        self._bus = bus
        self._clock = clock
        self._live: dict[str, _Transfer] = {}
        self._reserved: set[str] = set()
        self._expired: deque[str] = deque(maxlen=256)

    async def begin_upload(
        self,
        transfer_id: str,
        dest_path: str,
        size: int,
        total_chunks: int,
        sha256: str | None = None,
        *,
        overwrite: bool = True,
        limit: int = MAX_FILE,
        chunk_size: int = CHUNK,
    ) -> None:
        """Announce a file of ``size`` bytes in ``total_chunks`` chunks, numbered from 0.

        Missing folders are made. Raises TOO_LARGE beyond ``limit`` bytes, INVALID_REQUEST, CONFLICT, DISK_FULL,
        TOO_MANY and PATH_OUTSIDE_WORKSPACE.
        """
        check_size(size, limit)
        check_chunks(size, total_chunks, chunk_size)
        check_sha256(sha256)
        names = self._workspace.parts(dest_path)
        if not names:
            raise Problem(ProblemCode.INVALID_REQUEST, "The upload needs a file name. Name the destination.")
        plan = UploadPlan(names, size, total_chunks, chunk_size, sha256, overwrite)
        with problems_of(f"'{plan.path}'"), self._place(transfer_id):
            upload = await _made(lambda: begin(self._workspace.root, plan, self._workspace.rights))
            self._live[transfer_id] = _Transfer(upload, self._clock())

    async def chunk(self, transfer_id: str, seq: int, data: bytes) -> None:
        """Take a chunk. The last one may come again; any other out of turn raises OUT_OF_ORDER with ``expected``.

        When the disk is full or refuses, the upload is over and leaves nothing behind (DISK_FULL and others).
        """
        transfer, upload = self._upload(transfer_id)
        async with transfer.lock:
            self._still_live(transfer_id, transfer)
            transfer.heard = self._clock()
            try:
                with problems_of(f"'{upload.plan.path}'"):
                    await _finished(lambda: upload.write(seq, data))
            except Problem as problem:
                if isinstance(problem.__cause__, OSError):
                    await self._drop(transfer_id)
                raise

    async def end_upload(self, transfer_id: str, sha256: str | None = None) -> Entry:
        """Give the file its name once it is whole. Raises OUT_OF_ORDER while bytes are missing, CHECKSUM_MISMATCH."""
        check_sha256(sha256)
        transfer, upload = self._upload(transfer_id)
        async with transfer.lock:
            self._still_live(transfer_id, transfer)
            transfer.heard = self._clock()
            try:
                with problems_of(f"'{upload.plan.path}'"):
                    await _finished(lambda: upload.finish(sha256))
            except Problem as problem:
                if problem.code is not ProblemCode.OUT_OF_ORDER:
                    await self._drop(transfer_id)
                raise
            await self._drop(transfer_id)
        self._bus.publish(FileChanged(path=upload.plan.path, action="uploaded"))
        return await self._workspace.entry(upload.plan.path)

    async def begin_download(self, transfer_id: str, path: str, *, limit: int = MAX_FILE) -> DownloadPlan:
        """Open a file and say what will be sent. Raises TOO_LARGE beyond ``limit`` bytes, NOT_FOUND and others."""
        with self._place(transfer_id):
            file = await self._workspace.open_file(path)
            try:
                check_size(file.size, limit)
                sha256 = await _sha256(file)
            except BaseException:
                file.close()
                raise
            plan = DownloadPlan(transfer_id, file.path, file.size, -(-file.size // CHUNK), sha256)
            self._live[transfer_id] = _Transfer(file, self._clock())
        return plan

    async def download_chunks(self, transfer_id: str) -> AsyncGenerator[bytes, None]:
        """The chunks of an announced download. Raises CONFLICT when the file is written to meanwhile."""
        transfer = self._transfer(transfer_id)
        file = transfer.item
        if isinstance(file, Upload):
            raise Problem(ProblemCode.CONFLICT, "This transfer is an upload. Use another transfer_id.")
        try:
            async for data in _contents(file):
                yield data
                self._still_live(transfer_id, transfer)
                transfer.heard = self._clock()
        finally:
            if self._live.get(transfer_id) is transfer:
                del self._live[transfer_id]
            file.close()

    async def cancel(self, transfer_id: str) -> None:
        """Give a transfer up; what came of it so far is removed. Raises NOT_FOUND."""
        transfer = self._transfer(transfer_id)
        async with transfer.lock:
            self._still_live(transfer_id, transfer)
            await self._drop(transfer_id)

    async def sweep(self) -> None:
        """Give up every transfer that has been silent for five minutes."""
        now = self._clock()
        for transfer_id, transfer in list(self._live.items()):
            if now - transfer.heard >= SILENCE and not transfer.lock.locked():
                self._expired.append(transfer_id)
                await self._drop(transfer_id)

    async def remove_leftovers(self) -> int:
        """Remove the unfinished files of a daemon that crashed; returns how many. Call it before the first transfer."""
        return await asyncio.to_thread(self._remove_leftovers)

    async def run(self) -> None:
        """Clear up after a crash, then look for silent transfers until cancelled; then give up those that are left."""
        try:
            await self._remove_leftovers_or_log()
            while True:
                await asyncio.sleep(SWEEP_EVERY)
                await self.sweep()
        finally:
            await self.close()

    async def close(self) -> None:
        """Give up every transfer."""
        for transfer_id in list(self._live):
            await self._drop(transfer_id)

    async def _remove_leftovers_or_log(self) -> None:
        try:
            removed = await self.remove_leftovers()
        except Problem as problem:
            _log.warning("transfers.leftovers_not_removed", code=problem.code, reason=problem.message)
        else:
            if removed:
                _log.info("transfers.leftovers_removed", count=removed)

    @contextmanager
    def _place(self, transfer_id: str) -> Iterator[None]:
        """Hold one of the places while a transfer is prepared."""
        if not _ID.fullmatch(transfer_id):
            raise Problem(ProblemCode.INVALID_REQUEST, "A transfer_id is 1 to 128 visible ASCII characters.")
        if transfer_id in self._live or transfer_id in self._reserved:
            raise Problem(ProblemCode.CONFLICT, "A transfer of this transfer_id is under way. Use another one.")
        if len(self._live) + len(self._reserved) >= MAX_TRANSFERS:
            raise Problem(
                ProblemCode.TOO_MANY,
                f"{MAX_TRANSFERS} transfers are under way. Wait for one to end.",
                {"limit": MAX_TRANSFERS},
            )
        self._reserved.add(transfer_id)
        try:
            yield
        finally:
            self._reserved.discard(transfer_id)

    def _transfer(self, transfer_id: str) -> _Transfer:
        transfer = self._live.get(transfer_id)
        if transfer is not None:
            return transfer
        if transfer_id in self._expired:
            raise Problem(
                ProblemCode.TRANSFER_EXPIRED,
                f"The transfer was silent for {SILENCE:.0f} seconds and was given up. Begin it again.",
            )
        raise Problem(ProblemCode.NOT_FOUND, "There is no such transfer. Begin it again.")

    def _upload(self, transfer_id: str) -> tuple[_Transfer, Upload]:
        transfer = self._transfer(transfer_id)
        if not isinstance(transfer.item, Upload):
            raise Problem(ProblemCode.CONFLICT, "This transfer is a download. Use another transfer_id.")
        return transfer, transfer.item

    def _still_live(self, transfer_id: str, transfer: _Transfer) -> None:
        if self._live.get(transfer_id) is not transfer:
            self._transfer(transfer_id)
            raise Problem(ProblemCode.NOT_FOUND, "The transfer is over. Begin it again.")

    async def _drop(self, transfer_id: str) -> None:
        item = self._live.pop(transfer_id).item
        if isinstance(item, Upload):
            await _finished(item.discard)
        else:
            item.close()

    def _remove_leftovers(self) -> int:
        with problems_of("The workspace"), opened_root(self._workspace.root, self._workspace.rights) as root:
            live = {t.item.temp for t in self._live.values() if isinstance(t.item, Upload)}
            return remove_leftovers(
                root, lambda name: is_leftover(name) and name not in live, self._workspace.rights.chores
            )


async def _finished(work: Callable[[], Result]) -> Result:
    """Do something in a thread and see its end even when cancelled: no file may be closed under a thread using it."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise


async def _made(make: Callable[[], Upload]) -> Upload:
    """Make an upload in a thread; one that came to be while we were cancelled is thrown away."""
    running = asyncio.ensure_future(asyncio.to_thread(make))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if running.exception() is None:
            await asyncio.to_thread(running.result().discard)
        raise


async def _contents(file: OpenFile) -> AsyncIterator[bytes]:
    """A file in chunks. Raises CONFLICT when somebody writes to it meanwhile."""
    sent = 0
    while sent < file.size:
        data = await file.read(CHUNK, sent)
        if file.changed or not data:
            raise Problem(
                ProblemCode.CONFLICT, f"'{file.path}' was changed while it was being sent. Download it again."
            )
        sent += len(data)
        yield data


async def _sha256(file: OpenFile) -> str:
    digest = hashlib.sha256()
    async for data in _contents(file):
        digest.update(data)
    return digest.hexdigest()

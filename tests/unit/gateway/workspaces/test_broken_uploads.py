from __future__ import annotations

import asyncio
import os
from pathlib import Path

from gateway.workspaces.folders import UPLOAD_PREFIX, Workspace
from gateway.workspaces.transfers import CHUNK, Transfers
from gateway.workspaces.uploads import Upload
from protocol.problems import ProblemCode
from tests.unit.gateway.recorder import Recorder
from tests.unit.gateway.workspaces.transferring import names, refusal


async def test_a_cancelled_chunk_is_written_or_not_but_never_half(transfers: Transfers, root: Path) -> None:
    await transfers.begin_upload("t", "file", 2 * CHUNK, 2)
    writing = asyncio.create_task(transfers.chunk("t", 0, b"a" * CHUNK))
    asyncio.get_running_loop().call_soon(writing.cancel)
    await asyncio.gather(writing, return_exceptions=True)
    await transfers.chunk("t", 0, b"a" * CHUNK)
    await transfers.chunk("t", 1, b"b" * CHUNK)
    await transfers.end_upload("t")
    assert (root / "file").read_bytes() == b"a" * CHUNK + b"b" * CHUNK


async def test_a_cancelled_begin_leaves_nothing(transfers: Transfers, root: Path) -> None:
    beginning = asyncio.create_task(transfers.begin_upload("t", "folder/file", 1, 1))
    asyncio.get_running_loop().call_soon(beginning.cancel)
    assert isinstance((await asyncio.gather(beginning, return_exceptions=True))[0], asyncio.CancelledError)
    assert [name for name in names(root) if UPLOAD_PREFIX in name] == []
    await transfers.begin_upload("t", "folder/file", 1, 1)


async def test_a_chunk_half_written_may_come_again(transfers: Transfers, root: Path) -> None:
    await transfers.begin_upload("t", "file", 6, 2)
    await transfers.chunk("t", 0, b"abc")
    item = transfers._live["t"].item
    assert isinstance(item, Upload)
    os.pwrite(item.file, b"xyz and more", 3)
    await transfers.chunk("t", 1, b"def")
    await transfers.end_upload("t")
    assert (root / "file").read_bytes() == b"abcdef"


async def test_a_disk_that_is_full_in_mid_upload_ends_it(transfers: Transfers, root: Path) -> None:
    await transfers.begin_upload("t", "file", 2, 2)
    await transfers.chunk("t", 0, b"x")
    item = transfers._live["t"].item
    assert isinstance(item, Upload)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, item.file)
    os.close(full)
    assert (await refusal(transfers.chunk("t", 1, b"y"))).code is ProblemCode.DISK_FULL
    assert names(root) == []
    assert (await refusal(transfers.end_upload("t"))).code is ProblemCode.NOT_FOUND


async def test_leftovers_of_a_crash_go_and_nothing_else(transfers: Transfers, root: Path, recorder: Recorder) -> None:
    crashed = Transfers(Workspace(root, recorder), recorder)
    await crashed.begin_upload("t", "deep/down/file", 2, 2)
    await crashed.chunk("t", 0, b"x")
    (root / f"{UPLOAD_PREFIX}mine").write_text("somebody's own")
    (root / f"{UPLOAD_PREFIX}{'0' * 32}").mkdir()
    await transfers.begin_upload("t", "live", 1, 1)
    assert await transfers.remove_leftovers() == 1
    await transfers.chunk("t", 0, b"x")
    await transfers.end_upload("t")
    assert names(root) == [f"{UPLOAD_PREFIX}{'0' * 32}", f"{UPLOAD_PREFIX}mine", "deep", "deep/down", "live"]
    await crashed.close()


async def test_folders_without_end_do_not_stop_the_search_for_leftovers(transfers: Transfers, root: Path) -> None:
    leftover = f"{UPLOAD_PREFIX}{'0' * 32}"
    here = os.open(root, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (root / "e").mkdir()
    (root / "e" / leftover).touch()
    assert await transfers.remove_leftovers() == 1
    remover = await asyncio.create_subprocess_exec("rm", "-r", str(root / "d"))
    assert await remover.wait() == 0

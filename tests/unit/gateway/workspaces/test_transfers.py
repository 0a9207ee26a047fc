from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import pytest

from gateway.events.types import FileChanged
from gateway.workspaces import transfers as module
from gateway.workspaces.folders import UPLOAD_PREFIX, Workspace
from gateway.workspaces.transfers import CHUNK, MAX_FILE, MAX_PAGE_FILE, MAX_TRANSFERS, SILENCE, Transfers
from gateway.workspaces.uploads import Upload
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.recorder import Recorder
from tests.unit.gateway.workspaces.descriptors import descriptors


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    return root


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def transfers(root: Path, recorder: Recorder, clock: Clock) -> AsyncIterator[Transfers]:
    before = descriptors()
    transfers = Transfers(Workspace(root, recorder), recorder, clock)
    yield transfers
    await transfers.close()
    assert descriptors() == before


async def refusal(work: Coroutine[object, object, object]) -> Problem:
    with pytest.raises(Problem) as refused:
        await work
    return refused.value


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


async def upload(transfers: Transfers, path: str, data: bytes, *, size: int = CHUNK, overwrite: bool = True) -> None:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    digest = hashlib.sha256(data).hexdigest()
    await transfers.begin_upload("t", path, len(data), len(chunks), digest, overwrite=overwrite)
    for seq, chunk in enumerate(chunks):
        await transfers.chunk("t", seq, chunk)
    await transfers.end_upload("t", digest.upper())


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 5 * CHUNK + 17])
async def test_a_file_comes_in_and_goes_out_the_same(
    transfers: Transfers, root: Path, recorder: Recorder, size: int
) -> None:
    data = os.urandom(size)
    await upload(transfers, "new/folder/file", data)
    assert (root / "new/folder/file").read_bytes() == data
    assert names(root) == ["new", "new/folder", "new/folder/file"]
    changed = [event.path for event in recorder.events if isinstance(event, FileChanged)]
    assert changed == ["new/folder/file"]
    plan = await transfers.begin_download("d", "new/folder/file")
    assert (plan.size, plan.total_chunks) == (size, -(-size // CHUNK))
    assert plan.sha256 == hashlib.sha256(data).hexdigest()
    chunks = [chunk async for chunk in transfers.download_chunks("d")]
    assert b"".join(chunks) == data
    assert len(chunks) == plan.total_chunks


async def test_the_file_has_no_name_before_it_is_whole(transfers: Transfers, root: Path) -> None:
    (root / "file").write_text("old")
    await transfers.begin_upload("t", "file", 6, 2)
    await transfers.chunk("t", 0, b"new")
    (temp,) = [path for path in root.iterdir() if path.name.startswith(UPLOAD_PREFIX)]
    assert stat.S_IMODE(temp.stat().st_mode) == 0o600
    assert (root / "file").read_text() == "old"
    await transfers.chunk("t", 1, b"er!")
    entry = await transfers.end_upload("t")
    assert (entry.path, entry.kind, entry.size) == ("file", "file", 6)
    assert (root / "file").read_text() == "newer!"
    assert names(root) == ["file"]


async def test_modes_are_plain_and_scripts_stay_executable(transfers: Transfers, root: Path) -> None:
    await upload(transfers, "plain", b"x")
    (root / "script").touch()
    (root / "script").chmod(0o755)
    await upload(transfers, "script", b"#!/bin/sh\n")
    assert stat.S_IMODE((root / "plain").stat().st_mode) & ~0o644 == 0
    assert stat.S_IMODE((root / "script").stat().st_mode) == 0o755


async def test_chunks_come_in_order_and_the_last_may_come_twice(transfers: Transfers, root: Path) -> None:
    await transfers.begin_upload("t", "file", 9, 3)
    await transfers.chunk("t", 0, b"abc")
    early = await refusal(transfers.chunk("t", 2, b"ghi"))
    assert (early.code, early.details) == (ProblemCode.OUT_OF_ORDER, {"expected": 1})
    await transfers.chunk("t", 0, b"abc")
    changed = await refusal(transfers.chunk("t", 0, b"xyz"))
    assert changed.code is ProblemCode.OUT_OF_ORDER
    await transfers.chunk("t", 1, b"def")
    assert (await refusal(transfers.chunk("t", 0, b"abc"))).details == {"expected": 2}
    assert (await refusal(transfers.end_upload("t"))).details == {"expected": 2}
    await transfers.chunk("t", 2, b"ghi")
    await transfers.chunk("t", 2, b"ghi")
    assert (await refusal(transfers.chunk("t", 3, b""))).code is ProblemCode.OUT_OF_ORDER
    await transfers.end_upload("t")
    assert (root / "file").read_text() == "abcdefghi"


async def test_chunks_that_do_not_fit_are_refused_and_the_upload_goes_on(transfers: Transfers, root: Path) -> None:
    await transfers.begin_upload("t", "file", 4, 4)
    assert (await refusal(transfers.chunk("t", 0, b"12345"))).code is ProblemCode.INVALID_REQUEST
    assert (await refusal(transfers.chunk("t", 0, b""))).code is ProblemCode.INVALID_REQUEST
    assert (await refusal(transfers.chunk("t", 0, b"x" * (CHUNK + 1)))).code is ProblemCode.TOO_LARGE
    assert (await refusal(transfers.chunk("t", -1, b""))).code is ProblemCode.OUT_OF_ORDER
    await transfers.chunk("t", 0, b"1234")
    await transfers.end_upload("t")
    assert (root / "file").read_text() == "1234"


@pytest.mark.parametrize(
    ("announced", "code"),
    [
        ((-1, 1, None), ProblemCode.INVALID_REQUEST),
        ((MAX_FILE + 1, 161, None), ProblemCode.TOO_LARGE),
        ((10, 0, None), ProblemCode.INVALID_REQUEST),
        ((10, 11, None), ProblemCode.INVALID_REQUEST),
        ((CHUNK + 1, 1, None), ProblemCode.INVALID_REQUEST),
        ((10, -1, None), ProblemCode.INVALID_REQUEST),
        ((10, 1, "abc"), ProblemCode.INVALID_REQUEST),
        ((10, 1, "g" * 64), ProblemCode.INVALID_REQUEST),
    ],
)
async def test_impossible_announcements_are_refused(
    transfers: Transfers, root: Path, announced: tuple[int, int, str | None], code: ProblemCode
) -> None:
    size, chunks, sha256 = announced
    assert (await refusal(transfers.begin_upload("t", "file", size, chunks, sha256))).code is code
    assert names(root) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../file", ProblemCode.PATH_OUTSIDE_WORKSPACE),
        ("/tmp/file", ProblemCode.PATH_OUTSIDE_WORKSPACE),
        ("out/file", ProblemCode.PATH_OUTSIDE_WORKSPACE),
        ("out", ProblemCode.CONFLICT),
        ("folder", ProblemCode.CONFLICT),
        ("file/below", ProblemCode.NOT_FOUND),
        ("", ProblemCode.INVALID_REQUEST),
        ("a\0b", ProblemCode.INVALID_REQUEST),
    ],
)
async def test_destinations_stay_inside(
    transfers: Transfers, root: Path, tmp_path: Path, path: str, code: ProblemCode
) -> None:
    (tmp_path / "secret").mkdir()
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "folder").mkdir()
    (root / "file").touch()
    assert (await refusal(transfers.begin_upload("t", path, 1, 1))).code is code
    assert list((tmp_path / "secret").iterdir()) == []
    assert names(root) == ["file", "folder", "out"]


async def test_a_folder_swapped_for_a_link_in_mid_upload_leads_nowhere(
    transfers: Transfers, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").mkdir()
    await transfers.begin_upload("t", "folder/file", 1, 1)
    (root / "folder").rename(root / "away")
    (root / "folder").symlink_to(tmp_path / "secret")
    await transfers.chunk("t", 0, b"x")
    assert (await refusal(transfers.end_upload("t"))).code is ProblemCode.PATH_OUTSIDE_WORKSPACE
    assert list((tmp_path / "secret").iterdir()) == []
    assert names(root) == ["away", "away/file", "folder"]


async def test_a_damaged_file_is_thrown_away(transfers: Transfers, root: Path) -> None:
    for given in ("begin", "end"):
        wrong = "0" * 64
        await transfers.begin_upload("t", "file", 1, 1, wrong if given == "begin" else None)
        await transfers.chunk("t", 0, b"x")
        ended = transfers.end_upload("t", wrong if given == "end" else None)
        assert (await refusal(ended)).code is ProblemCode.CHECKSUM_MISMATCH
        assert names(root) == []
        assert (await refusal(transfers.end_upload("t"))).code is ProblemCode.NOT_FOUND


async def test_nothing_is_replaced_unless_asked(transfers: Transfers, root: Path) -> None:
    (root / "file").write_text("old")
    assert (await refusal(upload(transfers, "file", b"new", overwrite=False))).code is ProblemCode.CONFLICT
    await transfers.begin_upload("t", "other", 1, 1, overwrite=False)
    (root / "other").write_text("came meanwhile")
    await transfers.chunk("t", 0, b"x")
    assert (await refusal(transfers.end_upload("t"))).code is ProblemCode.CONFLICT
    assert (root / "other").read_text() == "came meanwhile"
    assert names(root) == ["file", "other"]


async def test_silence_ends_a_transfer(transfers: Transfers, root: Path, clock: Clock) -> None:
    (root / "source").write_bytes(b"x")
    await transfers.begin_upload("quiet", "a", 2, 2)
    await transfers.begin_upload("alive", "b", 2, 2)
    await transfers.begin_download("down", "source")
    clock.now += SILENCE - 1
    await transfers.chunk("alive", 0, b"x")
    await transfers.sweep()
    assert len(names(root)) == 3
    clock.now += 1
    await transfers.sweep()
    assert (await refusal(transfers.chunk("quiet", 0, b"x"))).code is ProblemCode.TRANSFER_EXPIRED
    assert (await refusal(anext(transfers.download_chunks("down")))).code is ProblemCode.TRANSFER_EXPIRED
    await transfers.chunk("alive", 1, b"x")
    await transfers.end_upload("alive")
    assert names(root) == ["b", "source"]


async def test_a_cancelled_transfer_leaves_nothing(transfers: Transfers, root: Path) -> None:
    (root / "source").write_bytes(b"x" * 3 * CHUNK)
    await transfers.begin_upload("up", "a", 2, 2)
    await transfers.chunk("up", 0, b"x")
    await transfers.cancel("up")
    assert (await refusal(transfers.chunk("up", 1, b"x"))).code is ProblemCode.NOT_FOUND
    assert (await refusal(transfers.cancel("up"))).code is ProblemCode.NOT_FOUND
    await transfers.begin_download("down", "source")
    chunks = transfers.download_chunks("down")
    assert len(await anext(chunks)) == CHUNK
    await transfers.cancel("down")
    assert (await refusal(anext(chunks))).code is ProblemCode.NOT_FOUND
    assert names(root) == ["source"]


async def test_transfers_are_counted_and_told_apart(transfers: Transfers, root: Path) -> None:
    await transfers.begin_upload("0", "0", 1, 1)
    assert (await refusal(transfers.begin_upload("0", "x", 1, 1))).code is ProblemCode.CONFLICT
    for number in range(1, MAX_TRANSFERS):
        await transfers.begin_upload(str(number), str(number), 1, 1)
    assert (await refusal(transfers.begin_upload("more", "x", 1, 1))).code is ProblemCode.TOO_MANY
    await transfers.cancel("3")
    await transfers.begin_upload("more", "x", 1, 1)
    assert (await refusal(anext(transfers.download_chunks("more")))).code is ProblemCode.CONFLICT
    await transfers.close()
    assert names(root) == []


@pytest.mark.parametrize("transfer_id", ["", "a b", "a\n", "x" * 129, "é"])
async def test_strange_ids_are_refused(transfers: Transfers, transfer_id: str) -> None:
    assert (await refusal(transfers.begin_upload(transfer_id, "x", 1, 1))).code is ProblemCode.INVALID_REQUEST


async def test_an_upload_is_no_download(transfers: Transfers, root: Path) -> None:
    (root / "file").write_bytes(b"x")
    await transfers.begin_download("d", "file")
    assert (await refusal(transfers.chunk("d", 0, b"x"))).code is ProblemCode.CONFLICT
    assert (await refusal(transfers.end_upload("d"))).code is ProblemCode.CONFLICT


@pytest.mark.parametrize("change", ["grown", "cut", "rewritten"])
async def test_a_file_that_changes_while_it_is_sent_is_a_problem(transfers: Transfers, root: Path, change: str) -> None:
    size = 3 * CHUNK
    (root / "file").write_bytes(b"x" * size)
    os.utime(root / "file", ns=(0, 0))
    await transfers.begin_download("d", "file")
    chunks = transfers.download_chunks("d")
    await anext(chunks)
    with (root / "file").open("r+b") as file:
        if change == "cut":
            file.truncate(CHUNK)
        else:
            file.seek(size if change == "grown" else 0)
            file.write(b"y")
    assert (await refusal(anext(chunks))).code is ProblemCode.CONFLICT
    assert (await refusal(transfers.cancel("d"))).code is ProblemCode.NOT_FOUND


async def test_downloads_are_bounded(transfers: Transfers, root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    assert (await refusal(transfers.begin_download("d", "large"))).code is ProblemCode.TOO_LARGE
    assert (await refusal(transfers.begin_download("d", "gone"))).code is ProblemCode.NOT_FOUND


async def test_a_page_may_send_larger_files_in_larger_chunks(transfers: Transfers, root: Path) -> None:
    chunk = 4 * 1024 * 1024
    size = MAX_FILE + chunk
    await transfers.begin_upload("t", "large", size, size // chunk, limit=MAX_PAGE_FILE, chunk_size=chunk)
    for seq in range(size // chunk):
        await transfers.chunk("t", seq, bytes([seq]) * chunk)
    assert (await transfers.end_upload("t")).size == size
    too_large = transfers.begin_upload("t", "x", MAX_PAGE_FILE + 1, 1000, limit=MAX_PAGE_FILE, chunk_size=chunk)
    assert (await refusal(too_large)).code is ProblemCode.TOO_LARGE


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


async def test_a_workspace_that_is_gone_does_not_stop_the_sweeps(
    root: Path, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.01)
    swept = asyncio.Event()

    class Watched(Transfers):
        async def sweep(self) -> None:
            swept.set()
            await super().sweep()

    root.rmdir()
    running = asyncio.create_task(Watched(Workspace(root, recorder), recorder, clock).run())
    await asyncio.wait_for(swept.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_it_runs_until_cancelled_and_gives_up_what_is_left(
    transfers: Transfers, root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.01)
    await transfers.begin_upload("silent", "a", 1, 1)
    clock.now += SILENCE
    await transfers.begin_upload("left", "b", 1, 1)
    running = asyncio.create_task(transfers.run())
    async with asyncio.timeout(20):
        while len(await asyncio.to_thread(names, root)) > 1:
            continue
    assert (await refusal(transfers.chunk("silent", 0, b"x"))).code is ProblemCode.TRANSFER_EXPIRED
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert names(root) == []


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

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.workspaces.folders import UPLOAD_PREFIX
from gateway.workspaces.transfers import CHUNK, MAX_FILE, MAX_PAGE_FILE, Transfers
from protocol.problems import ProblemCode
from tests.unit.gateway.workspaces.transferring import names, refusal, upload


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


async def test_a_page_may_send_larger_files_in_larger_chunks(transfers: Transfers, root: Path) -> None:
    chunk = 4 * 1024 * 1024
    size = MAX_FILE + chunk
    await transfers.begin_upload("t", "large", size, size // chunk, limit=MAX_PAGE_FILE, chunk_size=chunk)
    for seq in range(size // chunk):
        await transfers.chunk("t", seq, bytes([seq]) * chunk)
    assert (await transfers.end_upload("t")).size == size
    too_large = transfers.begin_upload("t", "x", MAX_PAGE_FILE + 1, 1000, limit=MAX_PAGE_FILE, chunk_size=chunk)
    assert (await refusal(too_large)).code is ProblemCode.TOO_LARGE

"""Downloads from a real server over real sockets, cut, changed and refused."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from appliance.updates.download import Downloader, Wanted
from gateway.updates.uploads import BundleUploads
from protocol.problems import Problem, ProblemCode
from tests.integration.updates.server import FileServer

SIZE = 3_000_000


async def _at_once(_seconds: float) -> None:
    """Between two attempts a test does not wait."""


def _ignore(_there: int, _whole: int) -> None:
    """Progress nobody looks at."""


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with FileServer(os.urandom(SIZE)).running() as server:
        yield server


@pytest.fixture
def downloader(tmp_path: Path) -> Downloader:
    return Downloader(tmp_path / "updates", pause=_at_once)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def _fetch(downloader: Downloader, server: FileServer, sha256: str | None = None) -> bytes:
    wanted = Wanted(server.url, _sha(server.content) if sha256 is None else sha256)
    path = await downloader.fetch(wanted, _ignore)
    return await asyncio.to_thread(path.read_bytes)


async def test_a_whole_file_arrives_and_tells_how_far_it_is(downloader: Downloader, server: FileServer) -> None:
    told: list[tuple[int, int]] = []
    path = await downloader.fetch(Wanted(server.url, _sha(server.content)), lambda *step: told.append(step))
    assert await asyncio.to_thread(path.read_bytes) == server.content
    assert told[0] == (0, SIZE)
    assert told[-1] == (SIZE, SIZE)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_cut_download_goes_on_where_it_was_cut(downloader: Downloader, server: FileServer) -> None:
    server.cuts = [1_000_000, 500_000]
    assert await _fetch(downloader, server) == server.content
    assert server.ranges[0] is None
    assert all(wanted and wanted.startswith("bytes=") for wanted in server.ranges[1:])
    assert server.sent <= SIZE + 1_000_000  # what was on its way when the connection ended may be asked for again


async def test_it_goes_on_after_a_restart_of_the_daemon(tmp_path: Path, server: FileServer) -> None:
    server.cuts = [1_000_000]
    stop = asyncio.Event()

    async def wait(_seconds: float) -> None:
        stop.set()
        await asyncio.Event().wait()

    first = Downloader(tmp_path, pause=wait)
    task = asyncio.create_task(first.fetch(Wanted(server.url, _sha(server.content)), _ignore))
    await stop.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await _fetch(Downloader(tmp_path, pause=_at_once), server) == server.content
    assert server.ranges[1] is not None


async def test_a_file_that_changed_meanwhile_begins_anew(downloader: Downloader, server: FileServer) -> None:
    server.cuts = [1_000_000]
    old = server.content

    async def change(_seconds: float) -> None:
        server.content, server.etag = bytes(reversed(old)), '"two"'

    downloader = Downloader(downloader._folder, pause=change)
    path = await downloader.fetch(Wanted(server.url, _sha(bytes(reversed(old)))), _ignore)
    assert await asyncio.to_thread(path.read_bytes) == bytes(reversed(old))


async def test_without_a_validator_nothing_is_put_together(downloader: Downloader, server: FileServer) -> None:
    server.etag, server.cuts = None, [1_000_000]
    assert await _fetch(downloader, server) == server.content
    assert server.ranges == [None, None]


async def test_damage_to_the_kept_part_is_found_and_mended(tmp_path: Path, server: FileServer) -> None:
    downloader = Downloader(tmp_path, pause=_at_once)
    server.cuts = [1_000_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(Problem):
        await _fetch(downloader, server)
    (part,) = tmp_path.glob("*.part")
    content = bytearray(part.read_bytes())
    content[10] ^= 0xFF
    part.write_bytes(content)
    server.cuts = []
    assert await _fetch(downloader, server) == server.content


async def test_another_hash_than_announced_is_refused_and_nothing_kept(
    tmp_path: Path, downloader: Downloader, server: FileServer
) -> None:
    with pytest.raises(Problem) as refused:
        await _fetch(downloader, server, "0" * 64)
    assert refused.value.code is ProblemCode.CHECKSUM_MISMATCH
    assert list((tmp_path / "updates").iterdir()) == []


async def test_a_server_that_is_not_there_is_named(downloader: Downloader) -> None:
    with pytest.raises(Problem) as refused:
        await downloader.fetch(Wanted("http://127.0.0.1:9/bundle"), _ignore)
    assert refused.value.code is ProblemCode.UNAVAILABLE
    assert "127.0.0.1 cannot be reached for the update" in refused.value.message


@pytest.mark.parametrize("status", [404, 403, 500])
async def test_a_server_that_refuses_is_no_download(downloader: Downloader, server: FileServer, status: int) -> None:
    server.status = status
    with pytest.raises(Problem) as refused:
        await _fetch(downloader, server)
    assert refused.value.code is ProblemCode.UNAVAILABLE
    assert str(status) in refused.value.message


async def test_a_file_that_never_ends_is_cut_off(tmp_path: Path, server: FileServer) -> None:
    server.says_length = False
    with pytest.raises(Problem) as refused:
        await Downloader(tmp_path, largest=1_000_000, pause=_at_once).fetch(Wanted(server.url), _ignore)
    assert refused.value.code is ProblemCode.TOO_LARGE
    assert list(tmp_path.iterdir()) == []


async def test_another_size_than_announced_is_refused(downloader: Downloader, server: FileServer) -> None:
    with pytest.raises(Problem) as refused:
        await downloader.fetch(Wanted(server.url, size=SIZE - 1), _ignore)
    assert refused.value.code is ProblemCode.TOO_LARGE


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "http://", "nonsense", "http://h/" + "x" * 5000])
async def test_other_addresses_are_refused(downloader: Downloader, url: str) -> None:
    with pytest.raises(Problem) as refused:
        await downloader.fetch(Wanted(url), _ignore)
    assert refused.value.code is ProblemCode.INVALID_REQUEST


async def test_an_address_with_a_secret_is_not_repeated(downloader: Downloader, server: FileServer) -> None:
    server.status = 404
    with pytest.raises(Problem) as refused:
        await downloader.fetch(Wanted(f"{server.url}?token=swordfish"), _ignore)
    assert "swordfish" not in refused.value.message


async def test_old_bundles_make_room(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "state.json").write_text("{}")
    (tmp_path / "old.bundle").write_text("x")
    (tmp_path / "older.bundle.part").write_text("x")
    wanted = Wanted(server.url, _sha(server.content))
    path = await Downloader(tmp_path, pause=_at_once).fetch(wanted, _ignore)
    assert {file.name for file in tmp_path.iterdir()} == {"state.json", path.name}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A full data partition: a tmpfs of 1 MiB."""
    folder = tmp_path / "data"
    folder.mkdir()
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if tried.returncode:
        pytest.skip(f"no file system of its own may be mounted here: {tried.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("disk", ["announced", "unannounced"])
async def test_a_full_data_partition_is_told_and_emptied(small_disk: Path, server: FileServer, disk: str) -> None:
    server.says_length = disk == "announced"
    with pytest.raises(Problem) as refused:
        await _fetch(Downloader(small_disk, pause=_at_once), server)
    assert refused.value.code is ProblemCode.DISK_FULL
    assert list(small_disk.iterdir()) == []
    assert "free" in refused.value.message.lower()


async def test_an_upload_onto_a_full_data_partition_is_refused_before_it_begins(small_disk: Path) -> None:
    with pytest.raises(Problem) as refused:
        await BundleUploads(small_disk).put(0, 2_000_000, b"x" * 1000)
    assert refused.value.code is ProblemCode.DISK_FULL
    assert list(small_disk.iterdir()) == []

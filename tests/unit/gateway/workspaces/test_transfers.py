from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from gateway.events.types import FileChanged
from gateway.workspaces import transfers as module
from gateway.workspaces.folders import Workspace
from gateway.workspaces.transfers import CHUNK, MAX_TRANSFERS, SILENCE, Transfers
from protocol.problems import ProblemCode
from tests.unit.gateway.recorder import Recorder
from tests.unit.gateway.workspaces.transferring import Clock, names, refusal, upload


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

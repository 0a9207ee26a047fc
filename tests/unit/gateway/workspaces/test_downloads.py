from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.workspaces.transfers import CHUNK, MAX_FILE, Transfers
from protocol.problems import ProblemCode
from tests.unit.gateway.workspaces.transferring import refusal


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

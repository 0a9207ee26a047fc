"""What tests of transfers share."""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine
from pathlib import Path

import pytest

from gateway.workspaces.transfers import CHUNK, Transfers
from protocol.problems import Problem


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


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

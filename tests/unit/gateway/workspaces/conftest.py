from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.workspaces.folders import Workspace
from gateway.workspaces.transfers import Transfers
from tests.unit.gateway.recorder import Recorder
from tests.unit.gateway.workspaces.descriptors import descriptors
from tests.unit.gateway.workspaces.transferring import Clock


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

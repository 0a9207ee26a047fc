"""A running device for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.integration.webui.rig import Rig, running_rig


@pytest.fixture(autouse=True)
def log() -> Iterator[list[EventDict]]:
    """What was logged, as it was given to the logger."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[Rig]:
    """A device that nobody owns yet."""
    async with running_rig(tmp_path) as rig:
        yield rig


@pytest.fixture
async def rig(fresh: Rig) -> Rig:
    """A device with an admin, an operator and a viewer."""
    await fresh.add_people()
    return fresh

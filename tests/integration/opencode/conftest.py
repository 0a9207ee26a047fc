"""An OpenCode API for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.opencode.rig import PASSWORD, OpenCodeRig, running_opencode


@pytest.fixture
async def opencode(tmp_path: Path) -> AsyncIterator[OpenCodeRig]:
    """An API without a password."""
    async with running_opencode(tmp_path) as rig:
        yield rig


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[OpenCodeRig]:
    """An API with a password."""
    async with running_opencode(tmp_path, PASSWORD) as rig:
        yield rig

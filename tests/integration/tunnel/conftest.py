"""The fixtures of the tunnel's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.tunnel.rig import TunnelRig, running_tunnel


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[TunnelRig]:
    async with running_tunnel(tmp_path) as made:
        yield made

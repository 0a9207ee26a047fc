"""What the first page says while the account that agents work in does not answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.accounts.types import Role
from tests.integration.webui.rig import running_rig

SAID = b"Agents cannot be started"


@pytest.mark.parametrize("path", ["/", "/parts/agents-notice"])
async def test_home_says_so_for_as_long_as_it_is_so(tmp_path: Path, path: str) -> None:
    reached = True
    async with running_rig(tmp_path, lambda device: replace(device, agents_reached=lambda: reached)) as rig:
        await rig.add_people()
        for reached in (True, False, True):
            answer = await rig.call("GET", path, role=Role.VIEWER)
            assert (answer.status, SAID in answer.body) == (200, not reached)

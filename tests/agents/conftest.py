"""Fixtures of the tests with real CLIs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.bus import EventBus
from gateway.agents.installer import Agents
from gateway.events.types import AnyEvent
from tests.agents.cache import VARIABLE, missing, prefix_in
from tests.agents.places import CLIS, Place
from tests.doubles.model_server import ModelServer, Turns

CACHE_AT_START = {VARIABLE: os.environ.get(VARIABLE, "")}
"""Read before the fixture that takes our variables away from every test."""


@pytest.fixture(scope="session")
def installed() -> Path:
    """The cache with every CLI in it."""
    prefix = prefix_in(CACHE_AT_START)
    left = missing(prefix)
    assert not left, f"{', '.join(left)} not in {prefix}; run make test-agents, which installs them"
    return prefix


@pytest.fixture
async def place(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """A home, a folder, a prefix of links into the cache, and the scripted model."""
    home, folder, prefix = (tmp_path / name for name in ("home", "work", "agents"))
    for new in (home, folder, prefix):
        new.mkdir()
    for cli in CLIS:
        (prefix / cli).symlink_to((installed / cli).resolve())
    monkeypatch.setenv("HOME", str(home))
    agents = Agents(prefix, EventBus[AnyEvent]())
    await agents.refresh()
    script = Turns()
    async with ModelServer(script) as server:
        yield Place(agents, server, script, home, folder, tmp_path / "errors.log")

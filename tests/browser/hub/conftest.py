"""A real hub in its own process, and a real Chromium in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import CLOSING, MANIFEST
from tests.browser.visitor import Visitors
from tests.hub_process import hub_process


@dataclass(frozen=True)
class HubSite:
    """A running hub."""

    url: str
    data: Path


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubSite]:
    assert MANIFEST.is_file(), "build the pages first: npm ci && npm run build in webui/frontend"
    with hub_process(tmp_path / "hub") as process:
        yield HubSite(process.address, tmp_path / "hub")
        process.stop()


@pytest.fixture
async def people(hub: HubSite, browser: Browser) -> AsyncIterator[Visitors]:
    people = Visitors(browser, hub)
    yield people
    async with asyncio.timeout(CLOSING):
        await people.leave()

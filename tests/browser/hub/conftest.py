"""A real hub in its own process, and a real Chromium in front of it."""

from __future__ import annotations

import asyncio
import socket
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
    # A public address, as every hub has one: devices are told it, and it is what they sign.
    place = f"127.0.0.1:{_free_port()}"
    with hub_process(tmp_path / "hub", "--listen", place, "--public-url", f"http://{place}") as process:
        yield HubSite(process.address, tmp_path / "hub")
        process.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def people(hub: HubSite, browser: Browser) -> AsyncIterator[Visitors]:
    people = Visitors(browser, hub)
    yield people
    async with asyncio.timeout(CLOSING):
        await people.leave()

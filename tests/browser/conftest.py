"""A real device in its own process and a real Chromium in front of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.visitor import Visitors
from tests.device_process import DeviceProcess

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
"""Debian's; None takes the one Playwright brings."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MANIFEST = Path(__file__).parents[2] / "webui" / "static" / "manifest.json"


@pytest.fixture
def device(tmp_path: Path) -> Iterator[DeviceProcess]:
    assert MANIFEST.is_file(), "build the pages first: npm ci && npm run build in webui/frontend"
    # What a developer's login shell does at start is none of these tests' business.
    process = DeviceProcess(tmp_path / "data", {"HUTCH_SHELL": "/bin/sh"})
    process.start()
    yield process
    process.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def visitors(device: DeviceProcess, browser: Browser) -> AsyncIterator[Visitors]:
    visitors = Visitors(browser, device)
    yield visitors
    await visitors.leave()

"""A real device in its own process and a real Chromium in front of it.

Everything here has an end: each wait of a person a few seconds, each test :data:`LIMIT`, the closing of a browser
:data:`CLOSING`. A test that takes too long is cancelled on its own loop, so that what it holds is still let go of in
order; the runner's alarm, which interrupts a loop anywhere, comes only after that.
"""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.visitor import PATIENCE, Visitors
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
MANIFEST = Path(__file__).parents[2] / "foundation" / "web" / "static" / "manifest.json"
LIMIT = 240.0
"""Seconds one test may take on a machine that has other things to do."""
CLOSING = 30.0
ALARM = LIMIT + 4 * CLOSING

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test in this folder its end."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.is_relative_to(Path(__file__).parent):
            item.obj = _within_limit(item.obj)
            item.add_marker(pytest.mark.timeout(ALARM))


def _within_limit(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def limited(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(LIMIT):
            await test(*args, **kwargs)

    return limited


@pytest.fixture
def environ() -> dict[str, str]:
    """What the device's process gets besides its own variables; a test module may say otherwise."""
    # What a developer's login shell does at start is none of these tests' business.
    return {"HUTCH_SHELL": "/bin/sh"}


@pytest.fixture
def device(tmp_path: Path, environ: dict[str, str]) -> Iterator[DeviceProcess]:
    assert MANIFEST.is_file(), "build the pages first: npm ci && npm run build in webui/frontend"
    process = DeviceProcess(tmp_path / "data", environ, prepared=True)
    process.start()
    yield process
    process.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    before = set(psutil.Process().children(recursive=True))
    playwright = await async_playwright().start()
    try:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        async with asyncio.timeout(CLOSING):
            await chromium.close()
    finally:
        try:
            async with asyncio.timeout(CLOSING):
                await playwright.stop()
        except TimeoutError:
            _kill(set(psutil.Process().children(recursive=True)) - before)
            raise


def _kill(processes: set[psutil.Process]) -> None:
    for process in processes:
        if "playwright" in " ".join(process.cmdline()) or "chrom" in process.name():
            process.kill()


@pytest.fixture
async def visitors(device: DeviceProcess, browser: Browser) -> AsyncIterator[Visitors]:
    visitors = Visitors(browser, device)
    yield visitors
    async with asyncio.timeout(CLOSING):
        await visitors.leave()

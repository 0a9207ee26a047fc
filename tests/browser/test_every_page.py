"""Every page on a phone and a desktop, light and dark: nothing serious for axe, nothing wider than the window.

With HUTCH_PICTURES=1 the pictures in docs/pictures are taken anew.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from gateway.host.health import HealthSampler
from gateway.store.database import Store
from gateway.store.health import HealthHistory
from tests.browser.visitor import DESKTOP, PHONE, Visitor, Visitors
from tests.device_process import DeviceProcess

ROOT = Path(__file__).parents[2]
AXE = ROOT / "webui" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "docs" / "pictures"
LARGEST_PICTURE = 200_000

PAGES = {
    "home": "/",
    "new-session": "/sessions/new",
    "files": "/files",
    "account": "/settings/account",
    "people": "/settings/people",
    "tokens": "/settings/tokens",
    "agents": "/settings/agents",
    "ssh-keys": "/settings/keys",
    "hub": "/settings/hub",
    "audit": "/settings/audit",
    "about": "/settings/about",
    "reference": "/docs",
    "not-found": "/nothing-here",
}
PROGRAM = r"""clear; printf '\033[1;33mhutch\033[0m  \033[2m~/blog\033[0m\n\n'; printf '\033[32m+\033[0m %s\n' \
'drafts/first-light.md' 'images/hutch.jpg'; printf '\033[31m-\033[0m %s\n\n' 'drafts/untitled.md'; \
printf '\033[36m>\033[0m All 42 checks passed.\n'"""


async def _an_hour_of_health(device: DeviceProcess) -> None:
    """What the charts show of a device that has been up for a while."""
    store = await Store.open(f"sqlite+aiosqlite:///{device.data / 'hutch.db'}")
    history = HealthHistory(store)
    base = await asyncio.to_thread(lambda: HealthSampler(device.data).sample())
    for minute in range(60, 0, -1):
        busy = max(0.0, math.sin(minute / 7)) * 45 + (minute * 7919 % 11)
        sample = replace(
            base,
            at=datetime.now(UTC) - timedelta(minutes=minute),
            cpu_percent=6 + busy,
            ram_used_bytes=int(base.ram_used_bytes * (1 + busy / 40)),
        )
        await history.add(sample)
    await history.flush()
    await store.close()


async def _furnish(anna: Visitor, device: DeviceProcess) -> str:
    """A device that is lived in; the path of a session."""
    workspace = device.data / "workspace"
    for name in ("blog", "garden-sensors", "notes"):
        (workspace / name).mkdir()
    (workspace / "README.md").write_text("A small box.\n" * 40)
    (workspace / "photo.jpg").write_bytes(bytes(3_400_000))
    await _an_hour_of_health(device)
    await anna.start_session("notes")
    await anna.run("clear")
    path = await anna.start_session("blog")
    await anna.run(PROGRAM)
    await anna.sees("All 42 checks passed.")
    return path


LOOK = """async () => {
  const kinds = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const result = await axe.run(document, { runOnly: kinds });
  if (result.passes.length < 5) return ['axe looked at nothing'];
  return result.violations
    .filter((each) => ['serious', 'critical'].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}"""


async def _axe(page: Page, name: str) -> list[str]:
    await page.evaluate(await asyncio.to_thread(AXE.read_text))
    return [f"{name}: {each}" for each in await page.evaluate(LOOK)]


async def _picture(page: Page, name: str) -> None:
    if os.environ.get("HUTCH_PICTURES") != "1":
        return
    file = PICTURES / f"{name}.png"
    picture = await page.screenshot(path=file)
    assert len(picture) < LARGEST_PICTURE, f"{file.name} is too large for the repository"


async def _check(page: Page, name: str) -> list[str]:
    """Take the picture of a page and say what is wrong with it."""
    await _picture(page, name)
    wrong = await _axe(page, name)
    if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append(f"{name}: wider than the window")
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_page(
    visitors: Visitors, device: DeviceProcess, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    mark = f"{size[0]}-{scheme}"
    stranger = await visitors.come(size, scheme)
    await stranger.go("/setup")
    wrong = await _check(stranger.page, f"setup-{mark}")
    anna = await visitors.owner()
    path = await _furnish(anna, device)
    await anna.context.close()
    await stranger.go("/login")
    wrong += await _check(stranger.page, f"login-{mark}")
    await stranger.log_in()
    for name, address in PAGES.items():
        await stranger.go(address)
        if name == "home":
            await expect(stranger.page.locator(".tile").first).to_be_visible()
        wrong += await _check(stranger.page, f"{name}-{mark}")
    await stranger.go("/")
    await stranger.page.get_by_role("link", name="New session").click()
    await expect(stranger.page.get_by_role("dialog")).to_be_visible()
    wrong += await _check(stranger.page, f"dialog-{mark}")
    await stranger.go(path)
    await stranger.is_live()
    await stranger.sees("All 42 checks passed.")
    wrong += await _check(stranger.page, f"session-{mark}")
    assert not wrong, "\n".join(wrong)


async def test_the_keyboard_reaches_everything_on_the_first_page(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.start_session("keys")
    await anna.go("/")
    reached: list[str] = []
    for _ in range(14):
        await anna.page.keyboard.press("Tab")
        reached.append(await anna.page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel"))
    words = "\n".join(reached)
    assert reached[0] == "Skip to the content"
    for wanted in ("Hutch", "Home", "Files", "Settings", "New session", "keys"):
        assert re.search(wanted, words), f"{wanted} is not reached: {reached}"

"""What a page looks like: a picture of it, what axe says, whether it is wider than its window."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "webui" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = Path(os.environ.get("HUTCH_PICTURES_DIR") or ROOT / ".cache" / "pictures")
FOR_DOCUMENTS = os.environ.get("HUTCH_PICTURES") == "1"
"""Read here: tests run without the variables of the shell they were started in."""
DOCUMENTS = ROOT / "docs" / "pictures"
LARGEST_PICTURE = 150_000
SCRIPT_SECONDS = 60.0
"""Seconds for what Playwright itself does not bound: scripts of ours in a page."""

LOOK = """async () => {
  const kinds = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const result = await axe.run(document, { runOnly: kinds });
  if (result.passes.length < 5) return ['axe looked at nothing'];
  return result.violations
    .filter((each) => ['serious', 'critical'].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}"""


async def _axe(page: Page, name: str) -> list[str]:
    async with asyncio.timeout(SCRIPT_SECONDS):
        await page.evaluate(await asyncio.to_thread(AXE.read_text))
        return [f"{name}: {each}" for each in await page.evaluate(LOOK)]


async def _picture(page: Page, name: str, documents: Mapping[str, str]) -> None:
    picture = await page.screenshot()
    await asyncio.to_thread(_keep, PICTURES / f"{name}.png", picture)
    if name in documents and FOR_DOCUMENTS:
        assert len(picture) < LARGEST_PICTURE, f"{name} is too large for the repository: {len(picture)} bytes"
        await asyncio.to_thread(_keep, DOCUMENTS / f"{documents[name]}.png", picture)


def _keep(file: Path, picture: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture)


async def check(page: Page, name: str, documents: Mapping[str, str]) -> list[str]:
    """Take the picture of a page, under the name the documents give it for them, too; say what is wrong with it."""
    await _picture(page, name, documents)
    wrong = await _axe(page, name)
    if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append(f"{name}: wider than the window")
    return wrong

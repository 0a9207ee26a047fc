"""What a page looks like: a picture of it, what axe says, whether it is wider than its window."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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


@dataclass(frozen=True)
class Rules:
    """What axe looks for, and how many rules have to find something to look at."""

    type: Literal["tag", "rule"]
    values: tuple[str, ...]
    least: int


_ALL = Rules("tag", ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"), 5)
_COLOURS = Rules("rule", ("color-contrast",), 1)
"""All that a page's colour scheme can change: it is nothing but another value of the variables of its style."""

LOOK = """async ([type, values, least]) => {
  const result = await axe.run(document, { runOnly: { type, values } });
  if (result.passes.length < least) return ['axe looked at nothing'];
  return result.violations
    .filter((each) => ['serious', 'critical'].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}"""


async def _axe(page: Page, name: str, rules: Rules) -> list[str]:
    async with asyncio.timeout(SCRIPT_SECONDS):
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(await asyncio.to_thread(AXE.read_text))
        return [f"{name}: {each}" for each in await page.evaluate(LOOK, [rules.type, [*rules.values], rules.least])]


async def _picture(page: Page, name: str, documents: Mapping[str, str]) -> None:
    picture = await page.screenshot()
    await asyncio.to_thread(_keep, PICTURES / f"{name}.png", picture)
    if name in documents and FOR_DOCUMENTS:
        assert len(picture) < LARGEST_PICTURE, f"{name} is too large for the repository: {len(picture)} bytes"
        await asyncio.to_thread(_keep, DOCUMENTS / f"{documents[name]}.png", picture)


def _keep(file: Path, picture: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture)


async def check_both(page: Page, name: str, documents: Mapping[str, str]) -> list[str]:
    """:func:`check` a page that shows itself light, and what is other when it shows itself dark."""
    light, dark = f"{name}-light", f"{name}-dark"
    await page.emulate_media(color_scheme="light")
    wrong = await check(page, light, documents)
    await page.emulate_media(color_scheme="dark")
    await _picture(page, dark, documents)
    return wrong + await _axe(page, dark, _COLOURS)


async def check(page: Page, name: str, documents: Mapping[str, str]) -> list[str]:
    """Take the picture of a page, under the name the documents give it for them, too; say what is wrong with it."""
    await _picture(page, name, documents)
    wrong = await _axe(page, name, _ALL)
    if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append(f"{name}: wider than the window")
    return wrong

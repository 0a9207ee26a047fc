"""From a device without an agent CLI to a session in which one runs, all from the first page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from gateway.agents.registry import CATALOG
from tests.browser.registry import Registry
from tests.browser.visitor import Visitors

GEMINI = CATALOG["gemini"]


@pytest.fixture
def registry() -> Iterator[Registry]:
    registry = Registry(GEMINI)
    yield registry
    registry.close()


@pytest.fixture
def environ(environ: dict[str, str], registry: Registry, tmp_path: Path) -> dict[str, str]:
    return {
        **environ,
        "npm_config_registry": registry.url,
        "npm_config_cache": str(tmp_path / "npm-cache"),
        "npm_config_fetch_retries": "0",
    }


async def test_a_cli_is_installed_from_the_first_page_and_a_session_started(
    visitors: Visitors, registry: Registry
) -> None:
    anna = await visitors.owner()
    row = anna.page.locator(".hint [data-agent=gemini]")
    other = anna.page.locator(".hint [data-agent=codex]")
    await row.get_by_role("button", name="Install Gemini CLI").click()
    await expect(row.get_by_role("alert")).to_contain_text("Gemini CLI was not installed. The registry does not have")
    await expect(row.get_by_role("progressbar")).to_be_hidden()
    await expect(other.get_by_role("alert")).to_be_hidden()

    registry.publish()
    watching = await visitors.come(like=anna)
    await watching.go("/settings/agents")
    await row.get_by_role("button", name="Install Gemini CLI").click()
    await expect(row.get_by_role("progressbar")).to_be_visible()
    await expect(watching.page.locator("[data-agent=gemini]").get_by_role("progressbar")).to_be_visible()
    await expect(row.get_by_role("link", name="Start a session")).to_be_visible(timeout=60_000)
    await expect(row).to_contain_text(GEMINI.version)
    await expect(anna.page.get_by_text("Gemini CLI is installed.")).to_be_visible()
    await expect(watching.page.locator("[data-agent=gemini]")).to_contain_text("Start a session")

    await row.get_by_role("link", name="Start a session").click()
    await expect(anna.page.get_by_role("radio", name="Gemini CLI")).to_be_checked()
    await anna.page.get_by_role("button", name="Start", exact=True).click()
    await anna.page.wait_for_url(re.compile(r"/sessions/[0-9a-f]+$"))
    await anna.is_live()
    await anna.sees(f"Small {GEMINI.version}")
    await anna.sees("┌──┐ 日本")
    await anna.page.set_viewport_size({"width": 700, "height": 500})
    await expect(anna.frame).not_to_have_attribute("data-size", re.compile("^1.."))
    size = await anna.frame.get_attribute("data-size")
    assert size is not None
    await anna.sees(size)
    await anna.page.keyboard.press("Control+c")
    await expect(anna.page.get_by_text("This session is over")).to_be_visible()

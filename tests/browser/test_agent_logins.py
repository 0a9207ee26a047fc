"""An agent CLI is logged in and given a key from its page, and what it asks is seen from everywhere."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.looks import check
from tests.browser.visitor import DESKTOP, PHONE, Visitor, Visitors
from tests.device_process import DeviceProcess
from tests.integration.agents.scripted import ADDRESS, KEY, put_claude


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    programs, home = tmp_path / "programs", tmp_path / "home"
    programs.mkdir()
    home.mkdir(exist_ok=True)
    put_claude(programs)
    return {**environ, "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home)}


async def begin_login(anna: Visitor) -> None:
    await anna.go("/settings/agents")
    await anna.page.get_by_label("What to do with Claude Code").click()
    await anna.page.get_by_role("button", name="Log in", exact=True).click()
    await expect(anna.page.get_by_role("link", name="Open claude.ai")).to_have_attribute(
        "href", ADDRESS, timeout=20_000
    )


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"])
async def test_a_login_and_a_key(
    visitors: Visitors, device: DeviceProcess, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    owner = await visitors.owner()
    anna = await visitors.come(size, scheme, like=owner)
    await begin_login(anna)
    assert await check(anna.page, f"agent-login-{size[0]}-{scheme}", {}) == []
    await anna.page.get_by_label("Code", exact=True).fill("the-code")
    await anna.page.get_by_role("button", name="Enter the code").click()
    await expect(anna.page.get_by_role("heading", name="Log in to Claude Code")).to_be_hidden()
    assert (device.data / "workspace" / "entered").read_text() == "the-code"

    row = anna.page.locator("[data-agent=claude-code]")
    await anna.page.get_by_label("Key", exact=True).fill(KEY)
    await anna.page.get_by_role("button", name="Keep the key").click()
    await expect(anna.page.get_by_text("The key is kept.")).to_be_visible()
    await expect(row).to_contain_text("API key", timeout=20_000)
    assert await check(anna.page, f"agent-key-{size[0]}-{scheme}", {}) == []
    await row.get_by_label("What to do with Claude Code").click()
    await row.get_by_role("button", name="Forget its API key").click()
    await anna.page.get_by_role("button", name="Forget it").click()
    await expect(row).to_contain_text("not logged in", timeout=20_000)


async def test_what_an_agent_asks_is_seen_on_its_page_and_at_home(visitors: Visitors, device: DeviceProcess) -> None:
    anna = await visitors.owner()
    made = await anna.call("POST", "/api/sessions", {"name": "blog", "agent": "claude-code"})
    watching = await visitors.come(PHONE, like=anna)
    await watching.go("/")
    await anna.go(f"/sessions/{made['id']}")
    await tell(anna, made["id"], "PermissionRequest", {"tool_name": "Bash", "tool_input": {"command": "make all"}})
    await expect(anna.page.locator("[data-asked]")).to_have_text("Asks: Bash: make all")
    await expect(anna.page.locator("[data-session-status]")).to_have_text("Waiting for you")
    row = watching.page.locator(f"[data-key='{made['id']}']")
    await expect(row).to_contain_text("Bash: make all")
    await expect(row).to_contain_text("Waiting for you")
    assert await check(anna.page, "session-asks-1280-light", {}) == []
    assert await check(watching.page, "home-asks-390-light", {}) == []
    await tell(anna, made["id"], "Stop", {})
    await expect(anna.page.locator("[data-asked]")).to_be_hidden()
    await expect(row).to_contain_text("Idle")


async def tell(anna: Visitor, session: object, event: str, data: dict[str, object]) -> None:
    """Have the program run a hook."""
    typed = base64.b64encode(f"{event} {json.dumps(data)}\n".encode()).decode()
    await anna.call("POST", f"/api/sessions/{session}/input", {"data": typed})

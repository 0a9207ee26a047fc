"""Every page on a phone and a desktop, light and dark: nothing serious for axe, nothing wider than the window.

A picture of each lies in .cache/pictures afterwards (or in HUTCH_PICTURES_DIR). With HUTCH_PICTURES=1 those that the
documents show are also put into docs/pictures.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conversing import Talk, agent_on_path
from tests.browser.lived_in import SHOWN, furnish
from tests.browser.looks import check_both
from tests.browser.talked_in import converse
from tests.browser.visitor import DESKTOP, PHONE, Visitors
from tests.device_process import DeviceProcess

IN_DOCUMENTS = {
    "home-1280-light": "home-desktop-light",
    "home-390-dark": "home-phone-dark",
    "session-1280-dark": "session-desktop-dark",
    "session-390-light": "session-phone-light",
    "files-1280-light": "files-desktop-light",
    "agents-1280-dark": "agents-desktop-dark",
    "chat-1280-light": "chat-desktop-light",
    "chat-390-dark": "chat-phone-dark",
}
"""The pictures the documents show, and their names there."""
PAGES = {
    "home": "/",
    "new-session": "/sessions/new",
    "conversations": "/conversations",
    "search": "/conversations?q=frost",
    "new-conversation": "/conversations/new",
    "workers": "/workers",
    "new-worker": "/workers/new",
    "usage": "/usage",
    "notifications": "/settings/notifications",
    "files": "/files",
    "account": "/settings/account",
    "people": "/settings/people",
    "tokens": "/settings/tokens",
    "agents": "/settings/agents",
    "ssh-keys": "/settings/keys",
    "hub": "/settings/hub",
    "updates": "/settings/updates",
    "care": "/settings/care",
    "audit": "/settings/audit",
    "about": "/settings/about",
    "reference": "/docs",
    "not-found": "/nothing-here",
}


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return agent_on_path(environ, tmp_path / "cli")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_page(visitors: Visitors, device: DeviceProcess, size: tuple[int, int]) -> None:
    width = size[0]
    stranger = await visitors.come(size)
    await stranger.go("/setup")
    wrong = await check_both(stranger.page, f"setup-{width}", IN_DOCUMENTS)
    anna = await visitors.owner()
    path = await furnish(anna, device)
    chat = await converse(anna)
    await anna.context.close()
    await stranger.go("/login")
    wrong += await check_both(stranger.page, f"login-{width}", IN_DOCUMENTS)
    await stranger.log_in()
    for name, address in PAGES.items():
        await stranger.go(address)
        if name == "home":
            await expect(stranger.page.locator(".tile").first).to_be_visible()
        wrong += await check_both(stranger.page, f"{name}-{width}", IN_DOCUMENTS)
    await stranger.go("/")
    await stranger.page.get_by_role("link", name="New session").click()
    await expect(stranger.page.get_by_role("dialog")).to_be_visible()
    wrong += await check_both(stranger.page, f"dialog-{width}", IN_DOCUMENTS)
    await stranger.go(chat)
    await Talk(stranger).is_live()
    await expect(stranger.page.locator("[data-permission]")).to_be_in_viewport()
    wrong += await check_both(stranger.page, f"chat-{width}", IN_DOCUMENTS)
    await stranger.go(path)
    await stranger.is_live()
    await stranger.sees(SHOWN)
    await expect(stranger.frame).to_have_attribute(
        "data-size", re.compile(r"^[3-5]\dx" if size is PHONE else r"^1\d\dx")
    )
    wrong += await check_both(stranger.page, f"session-{width}", IN_DOCUMENTS)
    assert not wrong, "\n".join(wrong)


async def test_menus_and_dialogs_are_left_with_escape(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.start_session("keys")
    await anna.go("/")
    opener = anna.page.get_by_role("link", name="New session")
    await opener.focus()
    await anna.page.keyboard.press("Enter")
    dialog = anna.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    await anna.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()
    menu = anna.page.get_by_label("What to do with keys")
    await menu.focus()
    await anna.page.keyboard.press("Enter")
    await expect(anna.page.get_by_role("button", name="Rename")).to_be_visible()
    await anna.page.keyboard.press("Escape")
    await expect(anna.page.get_by_role("button", name="Rename")).to_be_hidden()
    await expect(menu).to_be_focused()


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

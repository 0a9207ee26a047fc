"""Every page of the hub on a phone and a desktop, light and dark: nothing serious for axe, nothing too wide.

Pictures as in tests/browser/test_every_page.py; with HUTCH_PICTURES=1 those that docs/hub.md shows are made anew.
"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.hub.conftest import HubSite
from tests.browser.hub.lived_in import AWAY, SHOWN, furnished
from tests.browser.looks import check_both
from tests.browser.visitor import DESKTOP, PHONE, Visitors

IN_DOCUMENTS = {
    "hub-fleet-1280-light": "hub-fleet-desktop-light",
    "hub-fleet-390-dark": "hub-fleet-phone-dark",
    "hub-device-1280-dark": "hub-device-desktop-dark",
    "hub-claim-390-light": "hub-claim-phone-light",
    "hub-rollout-1280-light": "hub-rollout-desktop-light",
    "hub-people-1280-dark": "hub-people-desktop-dark",
    "hub-terminal-390-light": "hub-terminal-phone-light",
}
"""The pictures the documents show, and their names there."""


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_page(people: Visitors, hub: HubSite, size: tuple[int, int]) -> None:
    width = size[0]
    stranger = await people.come(size)
    await stranger.go("/setup")
    wrong = await check_both(stranger.page, f"hub-setup-{width}", IN_DOCUMENTS)
    anna = await people.owner()
    await stranger.go("/login")
    wrong += await check_both(stranger.page, f"hub-login-{width}", IN_DOCUMENTS)
    await stranger.log_in()
    wrong += await check_both(stranger.page, f"hub-empty-{width}", IN_DOCUMENTS)
    async with furnished(anna, hub) as made:
        organisation = f"/settings/organisations/{made['organisation']}"
        pages = {
            "fleet": "/",
            "fleet-nothing": "/?q=nothing-is-called-so",
            "device": f"/fleet/{SHOWN}?range=7d",
            "device-limited": "/fleet/printer-2",
            "device-away": f"/fleet/{AWAY}#commands-title",
            "sessions": "/sessions",
            "terminal": f"/fleet/{SHOWN}/sessions/00000001",
            "alerts": "/alerts",
            "notifications": "/notifications",
            "claim": "/claim",
            "enrolment": "/enrolment",
            "rollouts": "/rollouts",
            "rollout": f"/rollouts/{made['rollout']}",
            "new-rollout": "/rollouts/new",
            "account": "/settings/account",
            "tokens": "/settings/tokens",
            "people": f"{organisation}/people",
            "groups": f"{organisation}/groups",
            "group-alerts": f"/settings/groups/{made['workshop']}/alerts",
            "audit": f"{organisation}/audit",
            "accounts": "/settings/accounts",
            "hub-audit": "/settings/accounts/audit",
            "about": "/settings/about",
            "reference": "/docs",
            "not-found": "/nothing-here",
        }
        for name, address in pages.items():
            await stranger.go(address)
            if name == "terminal":
                await stranger.sees("Send garden-9 to the field?")
            wrong += await check_both(stranger.page, f"hub-{name}-{width}", IN_DOCUMENTS)
        await stranger.go(f"/fleet/{SHOWN}")
        await stranger.page.get_by_role("button", name="New session").click()
        await expect(stranger.page.get_by_role("dialog")).to_be_visible()
        wrong += await check_both(stranger.page, f"hub-dialog-{width}", IN_DOCUMENTS)
    assert not wrong, "\n".join(wrong)


async def test_the_keyboard_reaches_everything_on_the_first_page(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    async with furnished(anna, hub):
        await anna.go("/")
        reached: list[str] = []
        for _ in range(24):
            await anna.page.keyboard.press("Tab")
            reached.append(
                await anna.page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''")
            )
    words = "\n".join(reached)
    assert reached[0] == "Skip to the content"
    for wanted in ("Fleet", "Sessions", "Rollouts", "Add a device", "Waits for you", "attic", SHOWN):
        assert re.search(wanted, words), f"{wanted} is not reached: {reached}"

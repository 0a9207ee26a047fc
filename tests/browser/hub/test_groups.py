"""What an owner settles for a group, and what waits for a device, on the hub's pages."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.hub.conftest import HubSite
from tests.browser.hub.lived_in import AWAY, furnished
from tests.browser.visitor import Visitors


async def test_an_owner_says_when_a_group_needs_a_look(people: Visitors) -> None:
    anna = await people.owner()
    page = anna.page
    [home] = (await anna.ask("GET", "/api/groups"))["groups"]
    await anna.go(f"/settings/organisations/{home['organisation_id']}/groups")
    await page.get_by_label(f"What to do with {home['name']}").click()
    await page.get_by_role("link", name="Alerts", exact=True).last.click()
    await expect(page.get_by_label("Disk full, %")).to_have_value("90")
    await page.get_by_label("Disk full, %").fill("75")
    await page.get_by_label("An agent waits for a person").uncheck()
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_text("They count from now on")).to_be_visible()
    await expect(page.get_by_label("Disk full, %")).to_have_value("75")
    await expect(page.get_by_label("An agent waits for a person")).not_to_be_checked()
    kept = (await anna.ask("GET", f"/api/groups/{home['id']}/alerts"))["thresholds"]
    assert kept["disk_percent"] == 75
    assert "waiting" not in kept["enabled"]
    assert "disk" in kept["enabled"]


async def test_what_waits_for_a_device_is_shown_and_taken_back(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    page = anna.page
    async with furnished(anna, hub):
        await anna.go(f"/fleet/{AWAY}")
        commands = page.get_by_role("region", name="Queued commands")
        await expect(commands.locator("li")).to_have_count(2)
        waits = commands.locator("li", has_text="agents.install")
        await expect(waits.locator(".chip")).to_have_text("Waits")
        await expect(waits.get_by_text("expires")).to_be_visible()
        await waits.get_by_role("button", name="Cancel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
        await expect(page.get_by_text("The device is not told of it.").first).to_be_visible()
        await expect(waits.locator(".chip")).to_have_text("Cancelled")
        await expect(waits.get_by_role("button")).to_have_count(0)
        # What comes in is shown without a reload.
        kept = {"type": "agents.list"}
        await anna.ask("POST", f"/api/devices/{AWAY}/commands?queue=true", kept)
        await expect(commands.locator("li")).to_have_count(3)

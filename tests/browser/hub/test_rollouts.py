"""A rollout from the form to the last device, on the hub's pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.browser.hub.conftest import HubSite
from tests.browser.hub.simulated import Looks, SimulatedDevice, living
from tests.browser.visitor import Visitor, Visitors

SHA256 = "5e" * 32


async def shop(anna: Visitor, hub: HubSite) -> list[SimulatedDevice]:
    """Three devices of one batch; one has no room for an update."""
    [home] = (await anna.ask("GET", "/api/groups"))["groups"]
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    devices = []
    for looks in (Looks("first"), Looks("second", refuses_updates="The disk is full."), Looks("third")):
        wish = {"group_id": home["id"], "label": looks.name, "max_uses": 1, "expires_at": until}
        token = (await anna.ask("POST", "/api/batches", wish))["token"]
        devices.append(SimulatedDevice(looks, token, hub.url))
    return devices


async def test_it_halts_at_the_first_failure_and_goes_on_when_told(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    devices = await shop(anna, hub)
    page = anna.page
    async with living(devices):
        await anna.go("/rollouts")
        await page.get_by_role("link", name="Propose the first one").click()
        await page.get_by_label("Version").fill("2.0.0")
        await page.get_by_label("Address of the file").fill("https://example.org/hutch-2.0.0.raucb")
        await page.get_by_label("Its SHA-256").fill("not a hash" + "0" * 54)
        await page.get_by_role("button", name="Propose it").click()
        await expect(page.locator("#f-sha256-wrong")).to_be_visible()
        await expect(page.get_by_label("Version")).to_have_value("2.0.0")
        await page.get_by_label("Its SHA-256").fill(SHA256)
        # One device, then two, then everybody: the second stage is made by hand.
        await page.get_by_role("button", name="Take this stage out").last.click()
        await page.get_by_role("button", name="Another stage").click()
        await expect(page.locator("#stage-2-number")).to_be_focused()
        await page.locator("#stage-2-number").fill("2")
        await page.locator("#stage-2-unit").select_option("count")
        for number in (1, 2):
            await page.locator(f"#stage-{number}-soak").select_option("0")
        await page.get_by_role("button", name="Propose it").click()
        await page.wait_for_url(re.compile(r"/rollouts/\d+\?done="))
        await expect(page.get_by_text("Waits for approval")).to_be_visible()
        await expect(page.locator(".stages strong")).to_have_text(["1 device", "2 devices", "Everybody"])
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_role("dialog").get_by_role("button", name="Approve").click()
        # From here on the page tells by itself.
        await expect(page.get_by_text("Halted", exact=True)).to_be_visible()
        await expect(page.get_by_text("The disk is full.")).to_be_visible()
        await expect(page.locator(".targets li", has_text="third").locator(".chip")).to_have_text("Waiting")
        devices[1].looks = Looks("second")
        await page.get_by_role("button", name="Resume").click()
        await page.get_by_role("dialog").get_by_role("button", name="Resume").click()
        await page.get_by_role("button", name="Retry", exact=True).click()
        await expect(page.get_by_text("Finished")).to_be_visible()
        await expect(page.locator(".targets .chip", has_text="Done")).to_have_count(3)
        await anna.go("/rollouts")
        await expect(page.get_by_text("3 of 3 devices")).to_be_visible()

"""From an empty hub to a terminal on a real device, as somebody with a phone does it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.hub.conftest import HubSite
from tests.browser.visitor import PHONE, Visitor, Visitors, setup_code
from tests.device_process import DeviceProcess


@pytest.fixture
async def box(tmp_path: Path, hub: HubSite) -> AsyncIterator[DeviceProcess]:
    """A real device that was told where the hub is, and nothing else."""
    device = DeviceProcess(tmp_path / "box", {"HUTCH_SHELL": "/bin/sh", "HUTCH_HUB": hub.url}, prepared=True)
    await asyncio.to_thread(device.start)
    yield device
    await asyncio.to_thread(device.close)


async def at_the_box(people: Visitors, box: DeviceProcess) -> tuple[str, str]:
    """The claim code and the fingerprint that the device's own page shows to its owner."""
    owner = await people.come()
    owner.url = box.url
    await owner.set_up(await setup_code(box), "olga")
    await owner.go("/settings/hub")
    code = owner.page.locator(".claim-code")
    await expect(code).to_have_text(re.compile(r"^\S{4}-\S{4}-\S$"))
    fingerprint = owner.page.locator("dt:text-is('Fingerprint') + dd")
    return await code.inner_text(), (await fingerprint.inner_text()).strip()


async def claim(anna: Visitor, code: str, fingerprint: str, name: str) -> str:
    """Claim a device on the hub's pages; its id."""
    await anna.go("/")
    await anna.page.get_by_role("link", name=re.compile("Add a")).first.click()
    await anna.page.get_by_label("Claim code").fill(code)
    await anna.page.get_by_role("button", name="Find it").click()
    await expect(anna.page.get_by_role("heading", name="Is it this one?")).to_be_visible()
    await expect(anna.page.get_by_text(fingerprint)).to_be_visible()
    await anna.page.get_by_label("Name").fill(name)
    await anna.page.get_by_label("The device shows this fingerprint").check()
    await anna.page.get_by_role("button", name="Make it mine").click()
    await anna.page.wait_for_url(re.compile(r"/fleet/hutch-[a-z2-7]{20}\?done=device-claimed$"))
    return anna.page.url.partition("/fleet/")[2].partition("?")[0]


async def test_from_setup_to_a_terminal_on_a_phone(hub: HubSite, box: DeviceProcess, people: Visitors) -> None:
    code, fingerprint = await at_the_box(people, box)
    anna = await people.come(PHONE)
    await anna.set_up(await setup_code(hub))
    await expect(anna.page.get_by_text("No device yet")).to_be_visible()
    await anna.go("/claim")
    await anna.page.get_by_label("Claim code").fill("ABCD-EFGH-J")
    await anna.page.get_by_role("button", name="Find it").click()
    await expect(anna.page.locator("#f-code-wrong")).to_be_visible()
    # As people type it: no dashes, and small letters.
    device_id = await claim(anna, code.replace("-", "").lower(), fingerprint, "Kitchen box")
    await expect(anna.page.get_by_role("heading", name="Kitchen box")).to_be_visible()
    await expect(anna.page.locator(".chip", has_text="Online")).to_be_visible()
    await anna.page.reload()
    await anna.page.get_by_role("button", name="New session").click()
    dialog = anna.page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("from-afar")
    await dialog.get_by_role("button", name="Start", exact=True).click()
    await anna.page.wait_for_url(re.compile(rf"/fleet/{device_id}/sessions/[0-9a-f]+$"))
    await anna.is_live()
    await anna.page.locator(".xterm-screen").tap()
    await anna.run("echo through-$((40+2))")
    await anna.sees("through-42")
    keys = anna.page.get_by_role("toolbar", name="Keys")
    await keys.get_by_role("button", name="Control C, interrupt").tap()
    await anna.page.get_by_label("Back to Kitchen box").tap()
    await expect(anna.page.get_by_role("link", name="Open terminal from-afar")).to_be_visible()
    await anna.go("/sessions")
    await anna.page.get_by_role("link", name="Open terminal from-afar").tap()
    await anna.is_live()
    await anna.sees("through-42")


async def test_the_devices_own_pages_open_below_the_hub(hub: HubSite, box: DeviceProcess, people: Visitors) -> None:
    code, fingerprint = await at_the_box(people, box)
    anna = await people.come()
    await anna.set_up(await setup_code(hub))
    device_id = await claim(anna, code, fingerprint, "Kitchen box")
    await expect(anna.page.locator(".chip", has_text="Online")).to_be_visible()
    await anna.page.reload()
    await anna.page.get_by_role("link", name="Open its page").click()
    await anna.page.wait_for_url(f"{hub.url}/devices/{device_id}/")
    await expect(anna.page.get_by_role("heading", name="Sessions")).to_be_visible()

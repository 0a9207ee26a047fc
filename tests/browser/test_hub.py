"""A device joins a hub, as its owner does it on the settings page; the hub is scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from provisioning.device_key import DeviceKeyFile
from tests.browser.looks import check
from tests.browser.visitor import DESKTOP, PHONE, Visitors
from tests.device_process import DeviceProcess
from tests.doubles.control_plane import ControlPlane
from tests.doubles.control_plane.keys import CODE


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with ControlPlane() as plane:
        yield plane


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_from_the_address_over_the_code_to_what_the_hub_may_do(
    visitors: Visitors, device: DeviceProcess, plane: ControlPlane, size: tuple[int, int]
) -> None:
    owner = await visitors.owner()
    anna = await visitors.come(size, like=owner)
    await anna.go("/settings/hub")
    await anna.page.get_by_label("Address").fill(plane.url)
    await anna.page.get_by_role("button", name="Join").click()
    await expect(anna.page.get_by_text(CODE)).to_be_visible()
    await expect(anna.page.get_by_role("img", name="QR code")).to_be_visible()
    await expect(anna.page.get_by_text("Waiting to be claimed")).to_be_visible()
    wrong = await check(anna.page, f"hub-unclaimed-{size[0]}", {})
    keys = await asyncio.to_thread(DeviceKeyFile(device.data / "device-key.json").ensure)
    plane.desk.claim(keys.device_id, keys.current.public)
    await expect(anna.page.get_by_text("Hub connected")).to_be_visible()
    await expect(anna.page.get_by_text(CODE)).to_be_hidden()
    await anna.page.get_by_label("Only see how the device is").check()
    await anna.page.get_by_role("button", name="Save").click()
    await expect(anna.page.get_by_label("Only see how the device is")).to_be_checked()
    await expect(anna.page.get_by_label("Terminals")).not_to_be_checked()
    policy = await plane.links[-1].event("gateway.policy")
    assert policy["allows"] == ["health"]
    wrong += await check(anna.page, f"hub-online-{size[0]}", {})
    await anna.page.get_by_role("button", name="Leave this hub").click()
    await anna.page.get_by_role("button", name="Leave it").click()
    await expect(anna.page.get_by_text("No hub")).to_be_visible()
    assert not wrong, "\n".join(wrong)

"""Backup, restore and factory reset as a person does them, on a phone and a desktop, with a device that starts anew."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.looks import check
from tests.browser.visitor import DESKTOP, PASSWORD, PHONE, Visitor, Visitors
from tests.device_process import DeviceProcess

PASSPHRASE = "a rather long sentence"
NAME = socket.gethostname()


@pytest.fixture
def device(device: DeviceProcess) -> DeviceProcess:
    """A device that has found its port: it comes back there when it starts anew by itself."""
    device.stop()
    device.start()
    return device


async def make_backup(anna: Visitor, target: Path, *folders: str) -> None:
    """Make a backup on the page, and download it."""
    page = anna.page
    await anna.go("/settings/care")
    for folder in folders:
        await page.get_by_label(folder, exact=True).check()
    await page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    await page.get_by_label("Once more").fill(PASSPHRASE)
    await page.get_by_role("button", name="Make a backup").click()
    await expect(page.get_by_role("heading", name="Your backup is ready")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download", exact=True).click()
    await (await download.value).save_as(target)


async def bring(anna: Visitor, file: Path, passphrase: str) -> None:
    """Choose a backup, and have it checked."""
    await anna.page.get_by_label("Backup", exact=True).set_input_files(file)
    await anna.page.get_by_label("Its passphrase").fill(passphrase)
    await anna.page.get_by_role("button", name="Upload and check").click()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light"), (PHONE, "light"), (DESKTOP, "dark")])
async def test_a_device_is_saved_lost_and_brought_back(
    visitors: Visitors, device: DeviceProcess, tmp_path: Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    mark, file = f"{size[0]}-{scheme}", tmp_path / "device.backup"
    novel = device.data / "workspace" / "novel" / "one.txt"
    await asyncio.to_thread(novel.parent.mkdir)
    await asyncio.to_thread(novel.write_text, "Call me anything.")
    owner = await visitors.owner()
    anna = await visitors.come(size, scheme, like=owner)
    page = anna.page
    await make_backup(anna, file, "novel")
    wrong = await check(page, f"care-saved-{mark}", {})
    await asyncio.to_thread(novel.write_text, "Something worse.")

    await bring(anna, file, "another passphrase")
    await expect(page.locator("[data-restore-wrong]")).to_have_text(
        "The passphrase is another one, or the backup is damaged."
    )
    wrong += await check(page, f"care-wrong-{mark}", {})
    await bring(anna, file, PASSPHRASE)
    await expect(page.get_by_role("heading", name="The backup is good")).to_be_visible()
    assert await asyncio.to_thread(novel.read_text) == "Something worse."
    wrong += await check(page, f"care-checked-{mark}", {})
    await expect(page.get_by_role("heading", name="The backup is good")).to_be_in_viewport()
    await page.get_by_role("button", name="Restore it", exact=True).click()
    await page.get_by_role("button", name="Restore", exact=True).click()
    await expect(page.get_by_text("The device starts anew", exact=True)).to_be_visible()
    wrong += await check(page, f"care-anew-{mark}", {})
    # The backup knows the login of whoever made it: the page goes on by itself.
    await page.wait_for_url(f"{anna.url}/")
    assert await asyncio.to_thread(novel.read_text) == "Call me anything."
    assert not wrong, "\n".join(wrong)


async def test_a_reset_wants_the_name_and_ends_at_the_setup_code(visitors: Visitors, device: DeviceProcess) -> None:
    novel = device.data / "workspace" / "novel"
    await asyncio.to_thread(novel.mkdir)
    owner = await visitors.owner()
    anna = await visitors.come(PHONE, "light", like=owner)
    page = anna.page
    await anna.go("/settings/care")
    for given in ("somebody", NAME):
        await page.get_by_label("Name of this device").fill(given)
        await page.get_by_role("button", name="Reset this device").click()
        await page.get_by_role("button", name="Forget everything").click()
        if given != NAME:
            await expect(page.get_by_text(f"This device is called {NAME}.")).to_be_visible()
            await page.get_by_role("button", name="Reset this device").scroll_into_view_if_needed()
            assert not await check(page, "care-reset-390-light", {})
            assert (device.data / "hutch.db").exists()
    await expect(page.get_by_text("The device starts anew", exact=True)).to_be_visible()
    await expect(page.get_by_label("Setup code")).to_be_visible()
    assert await asyncio.to_thread(novel.is_dir)
    code = await asyncio.to_thread((device.data / "setup-code").read_text)
    await page.get_by_label("Setup code").fill(code.strip())
    await page.get_by_label("Your name").fill("bob")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make it mine").click()
    await page.wait_for_url(f"{anna.url}/")


async def test_a_support_bundle_is_downloaded(visitors: Visitors, tmp_path: Path) -> None:
    anna = await visitors.owner()
    await anna.go("/settings/care")
    async with anna.page.expect_download() as download:
        await anna.page.get_by_role("link", name="Download a support bundle").click()
    await (await download.value).save_as(tmp_path / "bundle.tar.gz")
    assert (await asyncio.to_thread((tmp_path / "bundle.tar.gz").read_bytes)).startswith(b"\x1f\x8b")

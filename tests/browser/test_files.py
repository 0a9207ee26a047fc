"""Files: up, down, renamed, deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.browser.visitor import Visitors
from tests.device_process import DeviceProcess


async def test_files_go_up_and_down(visitors: Visitors, device: DeviceProcess, tmp_path: Path) -> None:
    anna = await visitors.owner()
    page = anna.page
    await anna.go("/files")
    await expect(page.get_by_text("This folder is empty")).to_be_visible()
    await page.get_by_role("button", name="New folder").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("notes & more")
    await page.get_by_role("dialog").get_by_role("button", name="Make it").click()
    await page.get_by_role("link", name="notes & more").click()
    await expect(page.get_by_role("link", name="notes & more")).to_have_attribute("aria-current", "page")

    big, small = tmp_path / "big.bin", tmp_path / "small <b>.txt"
    big.write_bytes(bytes(range(256)) * 12_000)
    small.write_text("grüße\n")
    await page.locator("[data-upload-input]").set_input_files([big, small])
    await expect(page.get_by_role("link", name="small <b>.txt")).to_be_visible()
    await expect(page.locator("[data-upload-list]")).to_be_hidden()
    kept = device.data / "workspace" / "notes & more"
    assert (kept / "big.bin").read_bytes() == big.read_bytes()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="small <b>.txt").click()
    downloaded = await (await started.value).path()
    assert await asyncio.to_thread(downloaded.read_text) == "grüße\n"

    await page.get_by_label("What to do with big.bin").click()
    await page.get_by_role("button", name="Rename or move").click()
    await page.get_by_role("dialog").get_by_label("Path in the workspace").fill("moved.bin")
    await page.get_by_role("dialog").get_by_role("button", name="Move").click()
    await expect(page.get_by_text("Moved.")).to_be_visible()
    await page.get_by_role("link", name="workspace", exact=True).click()
    await page.get_by_label("What to do with moved.bin").click()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Deleted.")).to_be_visible()
    await expect(page.get_by_role("link", name="moved.bin")).to_have_count(0)
    assert not (device.data / "workspace" / "moved.bin").exists()


async def test_a_move_that_is_refused_is_explained(visitors: Visitors, device: DeviceProcess) -> None:
    workspace = device.data / "workspace"
    (workspace / "one.txt").write_text("1")
    (workspace / "two.txt").write_text("2")
    anna = await visitors.owner()
    await anna.go("/files")
    await anna.page.get_by_label("What to do with one.txt").click()
    await anna.page.get_by_role("button", name="Rename or move").click()
    await anna.page.get_by_role("dialog").get_by_label("Path in the workspace").fill("two.txt")
    await anna.page.get_by_role("dialog").get_by_role("button", name="Move").click()
    await expect(anna.page.get_by_role("alert")).to_be_visible()
    assert (workspace / "two.txt").read_text() == "2"
